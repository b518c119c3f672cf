package config

import (
	"slices"
	"strings"
)

// nearest returns the candidate that name most likely means, "" when none is near. base is a prefix they share, which
// does not count.
func nearest(name, base string, candidates []string) string {
	short := strings.TrimPrefix(name, base)
	best, bestScore := "", 0
	for _, c := range candidates {
		if c == name {
			continue
		}
		score, near := distance(short, strings.TrimPrefix(c, base))
		if near && (best == "" || score < bestScore || score == bestScore && c < best) {
			best, bestScore = c, score
		}
	}
	return best
}

// distance says how far apart two keys are, and whether somebody may have meant one with the other: they have the same
// letters, a few typing errors between them, or one segment too many, too few, or out of place.
func distance(a, b string) (score int, near bool) {
	a, b = strings.ToLower(a), strings.ToLower(b)
	if letters(a) == letters(b) {
		return 0, true
	}
	if d := edits(a, b); d <= slack(min(len(a), len(b))) {
		return d, true
	}
	as, bs := segments(a), segments(b)
	if len(as) < len(bs) {
		as, bs = bs, as
	}
	if len(bs) < 2 || len(as)-len(bs) > 1 {
		return 0, false
	}
	left := slices.Clone(as)
	for _, s := range bs {
		i := slices.Index(left, s)
		if i < 0 {
			return 0, false
		}
		left = slices.Delete(left, i, i+1)
	}
	return 10 + len(left), true // behind every typing error
}

// slack is how many typing errors a text of n bytes is allowed.
func slack(n int) int {
	switch {
	case n < 4:
		return 0
	case n < 8:
		return 1
	case n < 16:
		return 2
	}
	return 3
}

func isSeparator(r rune) bool { return strings.ContainsRune("._-$", r) }

func segments(s string) []string { return strings.FieldsFunc(s, isSeparator) }

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if isSeparator(r) {
			return -1
		}
		return r
	}, s)
}

// edits counts insertions, deletions, substitutions and swaps of neighbours between a and b (optimal string alignment).
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// nearestClass is like nearest for Java classes and short names: the package does not count.
func nearestClass(name string, candidates []string) string {
	simple := func(class string) string { return class[strings.LastIndexByte(class, '.')+1:] }
	shorts := make([]string, len(candidates))
	for i, c := range candidates {
		shorts[i] = simple(c)
	}
	if i := slices.Index(shorts, simple(name)); i >= 0 {
		return candidates[i]
	}
	if near := nearest(simple(name), "", shorts); near != "" {
		return candidates[slices.Index(shorts, near)]
	}
	return nearest(name, "", candidates)
}
