package bans

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func fileImports(t *testing.T, path string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var imports []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		imports = append(imports, p)
	}
	return imports
}

// TestFilesHoldOneIdea keeps files under 500 lines and their names telling.
func TestFilesHoldOneIdea(t *testing.T) {
	each(t, func(dir string, p *build.Package) {
		for _, name := range append(append(p.GoFiles, p.TestGoFiles...), p.XTestGoFiles...) {
			b, err := os.ReadFile(filepath.Join("../..", dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(b), "\n"); n > 500 {
				t.Errorf("%s/%s has %d lines", dir, name, n)
			}
			switch strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test") {
			case "util", "utils", "common", "misc", "helpers", "manager":
				t.Errorf("%s/%s: the name says nothing", dir, name)
			}
		}
	})
}

// TestEveryPackageIsDocumented wants a package comment, and a comment at every exported function, type and method.
func TestEveryPackageIsDocumented(t *testing.T) {
	each(t, func(dir string, p *build.Package) {
		if p.Doc == "" && p.Name != "main" && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment", dir)
		}
		for _, name := range p.GoFiles {
			undocumented(t, filepath.Join("../..", dir, name))
		}
	})
}

func undocumented(t *testing.T, path string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil && !selfEvident[d.Name.Name] {
				t.Errorf("%s: %s has no comment", path, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() && d.Doc == nil && s.Doc == nil && d.Lparen == 0 {
					t.Errorf("%s: type %s has no comment", path, s.Name.Name)
				}
			}
		}
	}
}

// selfEvident methods do what the interface of that name in the standard library says.
var selfEvident = map[string]bool{"String": true, "Error": true, "Unwrap": true, "Len": true, "Less": true, "Swap": true, "Close": true}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
