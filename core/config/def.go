package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Type is a key's type, named as ConfigDef names it.
type Type string

const (
	TypeBoolean  Type = "BOOLEAN"
	TypeString   Type = "STRING"
	TypeInt      Type = "INT"
	TypeShort    Type = "SHORT"
	TypeLong     Type = "LONG"
	TypeDouble   Type = "DOUBLE"
	TypeList     Type = "LIST"
	TypeClass    Type = "CLASS"
	TypePassword Type = "PASSWORD"
)

// Importance ranks keys in documentation.
type Importance string

const (
	High   Importance = "HIGH"
	Medium Importance = "MEDIUM"
	Low    Importance = "LOW"
)

// Width is how much room a form should give a value.
type Width string

const (
	NoWidth     Width = "NONE"
	ShortWidth  Width = "SHORT"
	MediumWidth Width = "MEDIUM"
	LongWidth   Width = "LONG"
)

// Key is the declaration of one configuration key.
type Key struct {
	Name       string
	Type       Type
	Default    string // in the form a user would write; meaningless unless HasDefault
	HasDefault bool   // false: the key is required, or null when it is absent (see Required)
	Required   bool
	Doc        string
	Importance Importance
	Group      string
	Example    string
	Choices    []string // the values it takes, when they are few
	Secret     bool     // the value is never shown
	Prefix     bool     // Name is a prefix; every key below it belongs to the declaration
	Ours       bool     // Kafka does not have it: the REST API tells of it only where it is set, so that tools see what they know
	NoEffect   string   // why the key is accepted without effect: a warning when it is set to anything but its default
	Label      string   // the name a form shows
	Width      Width
	Order      int // within Group, for forms; -1 for none
}

// Definer is a settings struct that declares its keys by binding its fields.
type Definer interface{ Define(d *Def) }

// Def collects declarations. It is used by one goroutine, for one Define call.
type Def struct {
	entries []*entry
	room    []entry // for the next ones, so that a declaration of many keys is made of few pieces
	rules   []rule
}

type entry struct {
	Key
	binding
	checks []func(raw string) error // run after set, on the trimmed text
	rest   *map[string]string       // of a Prefix
	absent string                   // a second message when a required key is missing
}

// A binding connects a key to the field it fills.
type binding struct {
	set  func(raw string) error
	text func() string // the field in ConfigDef's spelling; nil: the trimmed text itself
}

type rule struct {
	check func() (key string, err error)
	reads []string
}

// Option refines a key.
type Option func(*entry)

// Required makes a missing key an error; the default given with the key is ignored.
func Required() Option {
	return func(e *entry) { e.Required, e.HasDefault, e.Default = true, false, "" }
}

// AbsentSays adds a message to that of a missing required key, for keys whose check in Java looks at what is not there.
func AbsentSays(message string) Option { return func(e *entry) { e.absent = message } }

// NoDefault makes an absent key leave the field at its zero value, and shows null as the default, as Kafka does.
func NoDefault() Option { return func(e *entry) { e.HasDefault, e.Default = false, "" } }

// Rank sets the importance; without it a key is Medium.
func Rank(i Importance) Option { return func(e *entry) { e.Importance = i } }

// Group names the documentation group.
func Group(name string) Option { return func(e *entry) { e.Group = name } }

// Form says how a form shows the key: its label, the room it needs and its place in the group.
func Form(label string, w Width, order int) Option {
	return func(e *entry) { e.Label, e.Width, e.Order = label, w, order }
}

// Example is a value to show in documentation.
func Example(value string) Option { return func(e *entry) { e.Example = value } }

// Ours marks a key that the framework has beside Kafka's.
func Ours() Option { return func(e *entry) { e.Ours = true } }

// Check adds a check of the trimmed text; its error's text goes into the message.
func Check(f func(raw string) error) Option {
	return func(e *entry) { e.checks = append(e.checks, f) }
}

// NoEffect marks a key that is known and accepted, but changes nothing here: setting it to anything but its default is a
// warning. The reason completes "<key> has no effect: ".
func NoEffect(reason string) Option { return func(e *entry) { e.NoEffect = reason } }

// OneOf limits the values, letter case included.
func OneOf(values ...string) Option {
	return func(e *entry) {
		e.Choices = values
		e.checks = append(e.checks, func(raw string) error {
			for _, v := range values {
				if v == raw {
					return nil
				}
			}
			return says("String must be one of: %s", strings.Join(values, ", "))
		})
	}
}

// OneOfFold limits the values, letter case ignored.
func OneOfFold(values ...string) Option {
	return func(e *entry) {
		e.Choices = values
		e.checks = append(e.checks, func(raw string) error {
			for _, v := range values {
				if strings.EqualFold(v, raw) {
					return nil
				}
			}
			return says("String must be one of (case insensitive): %s", strings.ToUpper(strings.Join(values, ", ")))
		})
	}
}

// NonEmpty refuses the empty string (or list).
func NonEmpty() Option {
	return Check(func(raw string) error {
		if raw == "" {
			return said("String must be non-empty")
		}
		return nil
	})
}

// NoControls refuses the empty string and ISO control characters, as a connector's name does.
func NoControls() Option {
	return Check(func(raw string) error {
		if raw == "" {
			return said("String may not be empty")
		}
		if i := strings.IndexFunc(raw, unicode.IsControl); i >= 0 {
			return says("String may not contain control sequences but had the following ASCII chars: %d", []rune(raw[i:])[0])
		}
		return nil
	})
}

// Unique refuses a list that names something twice; message is the complaint.
func Unique(message string) Option {
	return Check(func(raw string) error {
		seen := map[string]bool{}
		for _, item := range SplitList(raw) {
			if seen[item] {
				return said(message)
			}
			seen[item] = true
		}
		return nil
	})
}

// Regex wants a regular expression that Go's engine (RE2) can run and that means the same in Java. RE2 has no look-around
// and no back references, which Java's has.
func Regex() Option {
	return Check(func(raw string) error {
		if _, err := regexp.Compile(raw); err != nil {
			return says("Invalid regex: %s (look-around, back references and possessive quantifiers are not supported)", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		if what := onlyInGo(raw); what != "" {
			return says("Invalid regex: %s means something else in Java and is not supported", what)
		}
		return nil
	})
}

// onlyInGo finds what both engines accept in an expression and read differently: classes within classes and their
// intersection, the flag U, and groups named with a P, which Java refuses.
func onlyInGo(expr string) string {
	class := -1 // where the class begins that i is in
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch {
		case strings.HasPrefix(rest, `\Q`):
			_, after, _ := strings.Cut(rest, `\E`)
			i = len(expr) - len(after) - 1
		case rest[0] == '\\':
			i++
		case class >= 0 && rest[0] == '[', class >= 0 && strings.HasPrefix(rest, "&&"):
			return expr[class:]
		case class >= 0 && rest[0] == ']' && i > class+1 && expr[class+1:i] != "^":
			class = -1
		case class < 0 && rest[0] == '[':
			class = i
		case class < 0 && strings.HasPrefix(rest, "(?"):
			flags, _, _ := strings.Cut(rest[2:], ")")
			flags, _, _ = strings.Cut(flags, ":")
			if strings.HasPrefix(flags, "P") || !strings.HasPrefix(flags, "<") && strings.Contains(flags, "U") {
				return "(?" + flags
			}
		}
	}
	return ""
}

// Between limits a number to min...max.
func Between(min, max float64) Option {
	return Check(func(raw string) error {
		f, err := strconv.ParseFloat(raw, 64)
		switch {
		case err != nil:
			return nil // set has refused it already
		case f < min:
			return says("Value must be at least %s", number(min))
		case f > max:
			return says("Value must be no more than %s", number(max))
		}
		return nil
	})
}

// AtLeast limits a number from below.
func AtLeast(min float64) Option { return Between(min, math.Inf(1)) }

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Pattern wants the whole value to match a regular expression (RE2); what describes it in the message.
func Pattern(re *regexp.Regexp, what string) Option {
	return Check(func(raw string) error {
		if loc := re.FindStringIndex(raw); loc == nil || loc[0] != 0 || loc[1] != len(raw) {
			return fmt.Errorf("must be %s", what)
		}
		return nil
	})
}

func (d *Def) add(name string, t Type, def, doc string, b binding, opts []Option) {
	if len(d.room) == 0 {
		d.room = make([]entry, min(max(4, len(d.entries)), 16)) // most declarations are short
	}
	e := &d.room[0]
	d.room = d.room[1:]
	*e = entry{
		Key:     Key{Name: name, Type: t, Default: def, HasDefault: true, Doc: doc, Importance: Medium, Label: name, Width: NoWidth, Order: -1},
		binding: b,
	}
	for _, o := range opts {
		o(e)
	}
	d.entries = append(d.entries, e)
}

// String declares a STRING key and binds it to p.
func (d *Def) String(p *string, name, def, doc string, opts ...Option) {
	d.add(name, TypeString, def, doc, binding{set: func(raw string) error { *p = raw; return nil }}, opts)
}

// Class declares a CLASS key: a Java class name or one of our short names.
func (d *Def) Class(p *string, name, def, doc string, opts ...Option) {
	d.add(name, TypeClass, def, doc, binding{set: func(raw string) error { *p = raw; return nil }}, opts)
}

// Password declares a PASSWORD key: its value is never shown.
func (d *Def) Password(p *Password, name, def, doc string, opts ...Option) {
	opts = append(opts, func(e *entry) { e.Secret = true })
	d.add(name, TypePassword, def, doc, binding{set: func(raw string) error { *p = Password(raw); return nil }}, opts)
}

// Bool declares a BOOLEAN key: true or false in any case.
func (d *Def) Bool(p *bool, name string, def bool, doc string, opts ...Option) {
	d.add(name, TypeBoolean, strconv.FormatBool(def), doc, binding{
		set: func(raw string) error {
			switch {
			case strings.EqualFold(raw, "true"):
				*p = true
			case strings.EqualFold(raw, "false"):
				*p = false
			default:
				return said("Expected value to be either true or false")
			}
			return nil
		},
		text: func() string { return strconv.FormatBool(*p) },
	}, opts)
}

// Int declares an INT key (32 bits).
func (d *Def) Int(p *int, name string, def int, doc string, opts ...Option) {
	d.add(name, TypeInt, strconv.Itoa(def), doc, binding{
		set:  func(raw string) error { i, err := integer(raw, TypeInt, 32); *p = int(i); return err },
		text: func() string { return strconv.Itoa(*p) },
	}, opts)
}

// Short declares a SHORT key (16 bits).
func (d *Def) Short(p *int16, name string, def int16, doc string, opts ...Option) {
	d.add(name, TypeShort, strconv.Itoa(int(def)), doc, binding{
		set:  func(raw string) error { i, err := integer(raw, TypeShort, 16); *p = int16(i); return err },
		text: func() string { return strconv.Itoa(int(*p)) },
	}, opts)
}

// Long declares a LONG key (64 bits).
func (d *Def) Long(p *int64, name string, def int64, doc string, opts ...Option) {
	d.add(name, TypeLong, strconv.FormatInt(def, 10), doc, binding{
		set:  func(raw string) (err error) { *p, err = integer(raw, TypeLong, 64); return err },
		text: func() string { return strconv.FormatInt(*p, 10) },
	}, opts)
}

// integer is 0 with an error when raw does not fit.
func integer(raw string, t Type, bits int) (int64, error) {
	i, err := strconv.ParseInt(raw, 10, bits)
	if err != nil {
		return 0, says("Not a number of type %s", t)
	}
	return i, nil
}

// Double declares a DOUBLE key.
func (d *Def) Double(p *float64, name string, def float64, doc string, opts ...Option) {
	d.add(name, TypeDouble, number(def), doc, binding{
		set: func(raw string) error {
			f, err := strconv.ParseFloat(raw, 64)
			if err != nil {
				return says("Not a number of type %s", TypeDouble)
			}
			*p = f
			return nil
		},
	}, opts)
}

// List declares a LIST key: items between commas, trimmed; the empty text is the empty list.
func (d *Def) List(p *[]string, name, def, doc string, opts ...Option) {
	d.add(name, TypeList, def, doc, binding{
		set:  func(raw string) error { *p = SplitList(raw); return nil },
		text: func() string { return strings.Join(*p, ",") },
	}, opts)
}

// Prefix declares that all keys that begin with prefix belong here. They are bound to p with the prefix cut off.
func (d *Def) Prefix(p *map[string]string, prefix, doc string, opts ...Option) {
	d.add(prefix, TypeString, "", doc, binding{}, append(opts, NoDefault()))
	e := d.entries[len(d.entries)-1]
	e.Prefix, e.rest = true, p
}

// Rule adds a check across keys, run after the keys are set. It blames a key. reads names the keys that the rule needs:
// it is not run while one of them is wrong or not known yet (as in a Terraform plan). A rule that names none needs all.
func (d *Def) Rule(check func() (key string, err error), reads ...string) {
	d.rules = append(d.rules, rule{check, reads})
}

// SplitList splits as ConfigDef splits a LIST.
func SplitList(raw string) []string {
	raw = trim(raw)
	if raw == "" {
		return nil
	}
	items := strings.Split(raw, ",")
	for i := range items {
		items[i] = trim(items[i])
	}
	return items
}

// trim is Java's String.trim: it cuts off spaces and everything below them.
func trim(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }

// Keys returns the keys that a settings struct declares.
func Keys(target Definer) []Key {
	d := define(target)
	keys := make([]Key, len(d.entries))
	for i := range d.entries {
		keys[i] = d.entries[i].Key
	}
	return keys
}
