package functions

import "github.com/connectless/connectless/core/config"

// Declaration is the connector as far as its binary describes it: names, and keys with their types. Checks of values
// and across keys are the function's own, made when it starts.
func (b *Binary) Declaration() config.Connector {
	return config.Connector{
		Name: b.Name, Classes: b.Classes, Kind: string(b.Kind), Version: b.Version, Doc: b.Doc,
		Config: func(string) config.Definer { return &described{keys: b.Keys} },
	}
}

// described declares keys and takes no value anywhere.
type described struct {
	keys []config.KeyInfo
}

func (s *described) Define(d *config.Def) {
	for _, k := range s.keys {
		var ignored struct {
			text   string
			secret config.Password
			yes    bool
			number int
			short  int16
			long   int64
			double float64
			list   []string
		}
		required := config.NoDefault()
		if k.Required {
			required = config.Required()
		}
		switch k.Type {
		case config.TypePassword:
			d.Password(&ignored.secret, k.Name, "", k.Documentation, required)
		case config.TypeBoolean:
			d.Bool(&ignored.yes, k.Name, false, k.Documentation, required)
		case config.TypeInt:
			d.Int(&ignored.number, k.Name, 0, k.Documentation, required)
		case config.TypeShort:
			d.Short(&ignored.short, k.Name, 0, k.Documentation, required)
		case config.TypeLong:
			d.Long(&ignored.long, k.Name, 0, k.Documentation, required)
		case config.TypeDouble:
			d.Double(&ignored.double, k.Name, 0, k.Documentation, required)
		case config.TypeList:
			d.List(&ignored.list, k.Name, "", k.Documentation, required)
		default:
			d.String(&ignored.text, k.Name, "", k.Documentation, required)
		}
	}
}
