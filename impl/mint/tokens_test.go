package mint

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/charterauth/charter/impl/internal/proof"
	"github.com/charterauth/charter/impl/jose"
	"github.com/charterauth/charter/impl/seal"
	"github.com/charterauth/charter/impl/store"
)

var at = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func issuance() Issuance {
	return Issuance{
		Issuer: "https://auth.example.com",
		Grant: store.Grant{
			ID: "grant-1", Subject: "alice", ClientID: "client-1",
			Scopes: []string{"read", "write"}, Resources: []string{"https://a.example.com", "https://b.example.com"},
			AuthTime: at.Add(-time.Minute), CreatedAt: at,
		},
		At:               at,
		Scopes:           []string{"read"},
		Resources:        []string{"https://a.example.com"},
		ExpiresAt:        at.Add(time.Hour),
		RefreshExpiresAt: at.Add(24 * time.Hour),
	}
}

func TestOpaqueTokensAndTheirRecords(t *testing.T) {
	proof.Of(t, "MAD-12")
	i := issuance()
	got, err := Mint(context.Background(), i)
	if err != nil {
		t.Fatal(err)
	}
	if !seal.WellFormed(seal.PrefixAccessToken, got.AccessToken) || !seal.WellFormed(seal.PrefixRefreshToken, got.RefreshToken) {
		t.Errorf("malformed tokens %q, %q", got.AccessToken, got.RefreshToken)
	}
	want := []store.Token{{
		Digest: store.NewDigest(store.AccessToken, got.AccessToken), Kind: store.AccessToken,
		GrantID: "grant-1", ClientID: "client-1", Scopes: i.Scopes, Resources: i.Resources,
		CreatedAt: at, ExpiresAt: i.ExpiresAt,
	}, {
		// RFC 6749 §6, RFC 8707 §2.2 (RFC8707-2.2-3): the refresh token keeps the grant.
		Digest: store.NewDigest(store.RefreshToken, got.RefreshToken), Kind: store.RefreshToken,
		GrantID: "grant-1", ClientID: "client-1", Scopes: i.Grant.Scopes, Resources: i.Grant.Resources,
		CreatedAt: at, ExpiresAt: i.RefreshExpiresAt,
	}}
	if d := cmp.Diff(want, got.Records); d != "" {
		t.Error(d)
	}
	for _, told := range []string{"grant-1", "alice", "client-1", "read"} { // MAD-12
		if strings.Contains(got.AccessToken+got.RefreshToken, told) {
			t.Errorf("a token tells %q", told)
		}
	}
}

func TestNoRefreshTokenUnlessDecided(t *testing.T) {
	i := issuance()
	i.RefreshExpiresAt = time.Time{}
	got, err := Mint(context.Background(), i)
	if err != nil || got.RefreshToken != "" || len(got.Records) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDefectiveIssuancesAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Issuance){
		"no grant":               func(i *Issuance) { i.Grant.ID = "" },
		"no client":              func(i *Issuance) { i.Grant.ClientID = "" },
		"no subject":             func(i *Issuance) { i.Grant.Subject = "" },
		"no audience":            func(i *Issuance) { i.Resources = nil },
		"expired when issued":    func(i *Issuance) { i.ExpiresAt = i.At },
		"refresh expired before": func(i *Issuance) { i.RefreshExpiresAt = i.At },
	} {
		i := issuance()
		if _, err := Mint(context.Background(), i); err != nil {
			t.Fatalf("control: %v", err)
		}
		spoil(&i)
		if _, err := Mint(context.Background(), i); err == nil {
			t.Errorf("%s: minted", name)
		}
	}
}

func signedBy(k *jose.Key) Signer {
	return func(_ context.Context, typ string, claims any) (string, error) { return k.Sign(typ, claims) }
}

// RFC 9068 §2: header typ and every claim, read back by the strict verifier.
func TestJWTAccessToken(t *testing.T) {
	proof.Of(t, "ATK-77", "ATK-71")
	for _, alg := range []jose.Algorithm{jose.ES256, jose.EdDSA, jose.RS256, jose.PS256} {
		key, err := jose.Generate(alg)
		if err != nil {
			t.Fatal(err)
		}
		i := issuance()
		i.Sign = signedBy(key)
		got, err := Mint(context.Background(), i)
		if err != nil {
			t.Fatal(err)
		}
		if got.Records[0].Digest != store.NewDigest(store.AccessToken, got.AccessToken) {
			t.Errorf("%s: the record is not found by the whole JWT", alg)
		}
		verify := func(typ, audience string) (*jose.Claims, error) {
			v, err := jose.NewVerifier(jose.VerifierConfig{
				Keys: jose.StaticKeys(key.Public()), Issuer: i.Issuer, Audience: audience, Typ: typ,
				Now: func() time.Time { return at },
			})
			if err != nil {
				t.Fatal(err)
			}
			return v.Verify(context.Background(), got.AccessToken)
		}
		c, err := verify("at+jwt", "https://a.example.com")
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		var client, scope string
		var authTime int64
		if errors.Join(c.Get("client_id", &client), c.Get("scope", &scope), c.Get("auth_time", &authTime)) != nil {
			t.Error("claims of other types")
		}
		if c.Subject != "alice" || client != "client-1" || scope != "read" || authTime != at.Add(-time.Minute).Unix() ||
			!c.ExpiresAt.Equal(i.ExpiresAt) || !c.IssuedAt.Equal(at) || len(c.ID) != 22 {
			t.Errorf("%s: %+v client_id=%q scope=%q auth_time=%d", alg, c, client, scope, authTime)
		}
		for _, c := range [][2]string{{"JWT", "https://a.example.com"}, {"at+jwt", "https://b.example.com"}} { // ATK-77, ATK-71
			if _, err := verify(c[0], c[1]); !errors.Is(err, jose.ErrInvalid) {
				t.Errorf("%s: taken as typ %s for %s", alg, c[0], c[1])
			}
		}
	}
}

func TestAudienceIsAStringOrAnArray(t *testing.T) { // RFC 7519 §4.1.3
	for _, c := range []struct {
		resources []string
		want      string
	}{
		{[]string{"https://a.example.com"}, `"https://a.example.com"`},
		{[]string{"https://a.example.com", "https://b.example.com"}, `["https://a.example.com","https://b.example.com"]`},
	} {
		i := issuance()
		i.Resources = c.resources
		b, err := json.Marshal(accessTokenClaims(i))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), `"aud":`+c.want+`,`) {
			t.Errorf("%s lacks aud %s", b, c.want)
		}
	}
}

func TestClaimsLeaveOutWhatThereIsNot(t *testing.T) {
	i := issuance()
	i.Scopes, i.Grant.AuthTime = nil, time.Time{}
	b, err := json.Marshal(accessTokenClaims(i))
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"scope", "auth_time", "props"} {
		if strings.Contains(string(b), absent) {
			t.Errorf("%s has %s", b, absent)
		}
	}
	i = issuance()
	first, second := accessTokenClaims(i), accessTokenClaims(i)
	if first.ID == second.ID {
		t.Error("two tokens with one jti")
	}
}

func TestAFailedSignatureMintsNothing(t *testing.T) {
	i := issuance()
	broken := errors.New("the HSM is gone")
	i.Sign = func(context.Context, string, any) (string, error) { return "", broken }
	got, err := Mint(context.Background(), i)
	if !errors.Is(err, broken) || got.Records != nil || got.AccessToken != "" || got.RefreshToken != "" {
		t.Errorf("%+v, %v", got, err)
	}
}
