// Package chromium gives tests tabs of a real browser, each with a profile of its
// own in one Chromium for the whole test binary. What is done in them is the
// tests' affair.
package chromium
