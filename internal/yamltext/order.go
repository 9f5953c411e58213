// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package yamltext

import (
	"cmp"
	"unicode"
)

// CompareKeys compares keys as the library sorts them: by letters, and by numbers in them.
func CompareKeys(a, b string) int {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	switch {
	case at == len(a) || at == len(b):
		return cmp.Compare(len(a), len(b))
	case isLetter(a[at]) && isLetter(b[at]):
		return cmp.Compare(a[at], b[at])
	default:
		return compareRunes([]rune(a), []rune(b))
	}
}

// compareRunes compares keys whose bytes differ. Bytes that are no UTF-8 are all the same here.
func compareRunes(a, b []rune) int {
	for at := range min(len(a), len(b)) {
		if a[at] != b[at] {
			return compareRest(a, b, at)
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareRest compares keys that differ at an index.
func compareRest(a, b []rune, at int) int {
	isLetterA, isLetterB := unicode.IsLetter(a[at]), unicode.IsLetter(b[at])
	switch {
	case isLetterA && isLetterB:
		return cmp.Compare(a[at], b[at])
	case isLetterA || isLetterB:
		// A letter comes last, but behind a digit.
		isAfterDigit := at > 0 && unicode.IsDigit(a[at-1])
		if isLetterA == isAfterDigit {
			return -1
		}
		return 1
	}
	start := startOfNumbers(a, b, at)
	numberA, endA := numberAt(a, at, start)
	numberB, endB := numberAt(b, at, start)
	return cmp.Or(cmp.Compare(numberA, numberB), cmp.Compare(endA, endB), cmp.Compare(a[at], b[at]))
}

// startOfNumbers returns 1 if zeros count: if more of the same number stands before them.
func startOfNumbers(a, b []rune, at int) int64 {
	if a[at] != '0' && b[at] != '0' {
		return 0
	}
	for i := at - 1; i >= 0 && unicode.IsDigit(a[i]); i-- {
		if a[i] != '0' {
			return 1
		}
	}
	return 0
}

// numberAt returns a number with the digits from an index, and where they end.
func numberAt(key []rune, at int, number int64) (_ int64, end int) {
	for ; at < len(key) && unicode.IsDigit(key[at]); at++ {
		number = number*10 + int64(key[at]-'0')
	}
	return number, at
}
