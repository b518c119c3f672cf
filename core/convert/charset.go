package convert

import "strings"

// Charset returns the canonical name of a character encoding that StringConverter can be configured with, from any of
// the names Java has for it in any case; "" when it is none of ours. They are the encodings every Java has
// (java.nio.charset.StandardCharsets).
func Charset(name string) string {
	switch strings.ToUpper(name) {
	case "UTF-8", "UTF8", "UNICODE-1-1-UTF-8":
		return "UTF-8"
	case "ISO-8859-1", "ISO8859_1", "ISO_8859_1", "ISO8859-1", "ISO_8859-1", "8859_1", "ISO-IR-100", "LATIN1", "L1", "IBM819", "IBM-819", "CP819", "CSISOLATIN1", "819", "ISO_8859-1:1987":
		return "ISO-8859-1"
	case "US-ASCII", "ASCII", "ASCII7", "ISO646-US", "ISO_646.IRV:1983", "ISO_646.IRV:1991", "ISO-IR-6", "ANSI_X3.4-1968", "ANSI_X3.4-1986", "646", "DEFAULT", "US", "IBM367", "CP367", "CSASCII":
		return "US-ASCII"
	case "UTF-16", "UTF_16", "UTF16", "UNICODE", "UNICODEBIG":
		return "UTF-16"
	case "UTF-16BE", "UTF_16BE", "ISO-10646-UCS-2", "X-UTF-16BE", "UNICODEBIGUNMARKED":
		return "UTF-16BE"
	case "UTF-16LE", "UTF_16LE", "X-UTF-16LE", "UNICODELITTLEUNMARKED":
		return "UTF-16LE"
	}
	return ""
}
