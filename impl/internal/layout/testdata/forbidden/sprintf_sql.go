package fixture

import "fmt"

func f(name string) {
	_ = fmt.Sprintf("SELECT 1 FROM t WHERE name = '%s'", name) // bad
	_ = fmt.Sprint(`DELETE FROM t`, name)                      // bad
	_ = fmt.Sprintf("%s was selected", name)
}
