module github.com/egressbundle/egressbundle/tools/compare

go 1.26.0
