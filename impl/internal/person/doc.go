// Package person is somebody who signs in and decides, in tests that need no
// browser: it follows redirects, keeps cookies and posts the forms it is shown,
// as they are. It knows the labels of the pages' fields and nothing else of
// Charter.
package person
