// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package rig

import (
	"bytes"
	"io"
	"math"
	"os"
)

// A logFile is read as it grows.
type logFile struct {
	path   string
	offset int64
}

// fresh returns the lines that were written since it was last asked.
func (l *logFile) fresh() (string, error) {
	file, err := os.Open(l.path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	fresh, err := io.ReadAll(io.NewSectionReader(file, l.offset, math.MaxInt64-l.offset))
	if err != nil {
		return "", err
	}
	end := bytes.LastIndexByte(fresh, '\n') + 1
	l.offset += int64(end)
	return string(fresh[:end]), nil
}
