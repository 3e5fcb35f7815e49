package server

// Offers are what an Interaction can do for a client that asks.
type Offers struct {
	// Prompts are the values of prompt that its pages follow.
	Prompts []string
	// ACRValues are the authentication context classes that a Decision may have.
	ACRValues []string
	// UILocales are the languages of its pages (BCP 47), for ui_locales_supported of
	// the metadata; nil where it does not say.
	UILocales []string
}

// An Offering is an Interaction that says what it offers. One that is none offers
// the values none, login, consent and select_account of prompt, and no class.
type Offering interface {
	Offers() Offers
}

// offersOf returns what an Interaction offers.
func offersOf(i Interaction) Offers {
	if o, ok := i.(Offering); ok {
		return o.Offers()
	}
	return Offers{Prompts: []string{PromptNone, PromptLogin, PromptConsent, PromptSelectAccount}}
}
