package fixture

func f(req request, r generated) {
	req.ParseForm()            // bad
	_ = req.FormValue("code")  // bad
	_ = req.PostFormValue("a") // bad
	_ = req.PostForm           // bad
	_ = req.Form               // bad
	_ = r.Form.Code
}
