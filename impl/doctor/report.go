package doctor

// A Status is how a check ended.
type Status string

// Warn is for what some clients get along with, and for what could not be tried
// from here.
const (
	Pass Status = "pass"
	Warn Status = "warn"
	Fail Status = "fail"
)

// A Result is one check of one client. Texts of the server are in it, shortened
// and without control characters.
type Result struct {
	Client string `json:"client"`
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Requested and Returned are what was sent, or looked at, and what came back.
	Requested string `json:"requested"`
	Returned  string `json:"returned"`
	// Problem and Cure are empty where the check passed.
	Problem string `json:"problem,omitempty"`
	Cure    string `json:"cure,omitempty"`
}

// A Report is what Run found.
type Report struct {
	URL string `json:"url"`
	// MCPServer: the URL is one. Otherwise it is an issuer.
	MCPServer bool     `json:"mcp_server"`
	Results   []Result `json:"results"`
	// Left are identifiers of throw-away clients that could not be removed.
	Left []string `json:"left,omitempty"`
}

// Count returns how many results have the status.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}
