package fixture

import "net/http"

func f(h http.Header) {
	http.Get("https://a.example")                     // bad
	http.DefaultClient.Do(nil)                        // bad
	http.HandleFunc("/", nil)                         // bad
	http.ListenAndServe(":80", nil)                   // bad
	_ = http.Client{Transport: http.DefaultTransport} // bad
	h.Get("A")
	(&http.Client{}).Get("https://a.example")
}
