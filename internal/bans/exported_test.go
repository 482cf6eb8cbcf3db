package bans

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestExportedNamesAreForEverybody: no exported function, type or field of a public package has a type of an internal one,
// which nobody outside of the module could make or name.
func TestExportedNamesAreForEverybody(t *testing.T) {
	each(t, func(dir string, p *build.Package) {
		if p.Name == "main" || strings.Contains("/"+dir+"/", "/internal/") {
			return
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
			internals(t, filepath.Join("../..", dir, name))
		}
	})
}

func internals(t *testing.T, file string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	hidden := map[string]bool{} // names of internal packages in this file
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); strings.Contains(p, "/internal/") {
			hidden[path.Base(p)] = i.Name == nil
			if i.Name != nil {
				hidden[i.Name.Name] = true
			}
		}
	}
	look := func(what string, n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && hidden[x.Name] {
					t.Errorf("%s: %s has the type %s.%s, of an internal package", file, what, x.Name, s.Sel.Name)
				}
			}
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && exportedReceiver(d) {
				look(d.Name.Name, d.Type)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() {
					shown(s.Type, func(n ast.Node) { look(s.Name.Name, n) })
				}
			}
		}
	}
}

// shown calls look with what of a type others see: of a struct the exported fields and those without a name.
func shown(e ast.Expr, look func(ast.Node)) {
	s, ok := e.(*ast.StructType)
	if !ok {
		look(e)
		return
	}
	for _, f := range s.Fields.List {
		for _, n := range f.Names {
			if n.IsExported() {
				look(f.Type)
			}
		}
		if len(f.Names) == 0 {
			look(f.Type)
		}
	}
}
