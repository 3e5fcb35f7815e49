package fixture

func f(r request) {
	id, secret, ok := r.BasicAuth() // bad
	r.SetBasicAuth(id, secret)
}
