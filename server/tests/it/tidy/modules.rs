//! The modules of a package as its files declare them, with what each imports, names and defines. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// By their paths from the root. A path has several modules where attributes choose among them.
#[derive(Default)]
pub(super) struct Modules(BTreeMap<Vec<String>, Vec<Module>>);

/// One module: a file, or a part of one.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: String,
    pub(super) uses: Vec<Use>,
    /// Paths that are written out where they are needed.
    paths: Vec<Vec<String>>,
    definitions: BTreeSet<String>,
    /// Every word outside of imports.
    words: BTreeSet<String>,
}

/// One name that a module imports.
pub(super) struct Use {
    pub(super) path: Vec<String>,
    /// What it is called here; `*` for all.
    pub(super) name: String,
    /// Others may take it from here.
    handed_on: bool,
}

impl Modules {
    /// Reads the file at the root and, from declaration to declaration, all others.
    pub(super) fn read(files: &[Source], root: &str) -> Self {
        let mut modules = Self::default();
        let mut left = vec![(Vec::new(), root.to_owned())];
        while let Some((at, path)) = left.pop() {
            if let Some(file) = files.iter().find(|file| file.path == path) {
                let tokens = tokens(file.code());
                let mut reader = Reader { tokens: &tokens, next: 0, file, modules: &mut modules, children: Vec::new() };
                reader.module(at);
                left.append(&mut reader.children);
            }
        }
        modules
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&Vec<String>, &Module)> {
        self.0.iter().flat_map(|(path, modules)| modules.iter().map(move |module| (path, module)))
    }

    pub(super) fn has(&self, path: &[String]) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn get(&self, path: &[String]) -> impl Iterator<Item = &Module> {
        self.0.get(path).into_iter().flatten()
    }
}

impl Module {
    /// Everything that the module itself needs: what it only hands on is not among it.
    pub(super) fn taken(&self) -> impl Iterator<Item = &Vec<String>> {
        let needed = |import: &&Use| !import.handed_on || self.words.contains(&import.name);
        self.uses.iter().filter(needed).map(|import| &import.path).chain(&self.paths)
    }

    pub(super) fn defines(&self, name: &str) -> bool {
        self.definitions.contains(name)
    }
}

/// Words and signs; `::` is one.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

struct Reader<'a> {
    tokens: &'a [&'a str],
    next: usize,
    file: &'a Source,
    modules: &'a mut Modules,
    /// Declared here, and read next: module and file.
    children: Vec<(Vec<String>, String)>,
}

impl<'a> Reader<'a> {
    /// Reads a module up to the brace that closes it, or to the end of the file.
    fn module(&mut self, at: Vec<String>) {
        let mut module = Module { file: self.file.path.clone(), ..Module::default() };
        let (mut depth, mut is_public) = (0_usize, false);
        while let Some(token) = self.take() {
            match token {
                "#" if self.is_next("[") => {
                    if self.attribute_of_a_test() {
                        self.skip_item();
                    }
                    continue;
                }
                "pub" => {
                    is_public = true;
                    if self.is_next("(") {
                        self.skip_past(")");
                    }
                    continue;
                }
                // `use<'a>` in a type is no import.
                "use" if !self.is_next("<") => module.uses.extend(self.imports(is_public)),
                "mod" => self.child(&at),
                "{" => depth += 1,
                "}" if depth == 0 => break,
                "}" => depth -= 1,
                // `'static` and `*const` define nothing.
                "fn" | "struct" | "enum" | "union" | "trait" | "type" | "const" | "static"
                    if !self.is_after(&["'", "*"]) =>
                {
                    module.definitions.extend(self.peek().map(str::to_owned));
                }
                "macro_rules" => {
                    module.definitions.extend(self.tokens.get(self.next + 1).map(|&name| name.to_owned()));
                }
                word => {
                    if self.is_next("::") && !self.is_after(&["::", "$"]) {
                        module.paths.push(self.path(word));
                    }
                    module.words.insert(word.to_owned());
                }
            }
            is_public = false;
        }
        self.modules.0.entry(at).or_default().push(module);
    }

    fn take(&mut self) -> Option<&'a str> {
        let token = self.peek()?;
        self.next += 1;
        Some(token)
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.next).copied()
    }

    fn is_next(&self, token: &str) -> bool {
        self.peek() == Some(token)
    }

    /// Whether what was taken last stands behind one of these.
    fn is_after(&self, tokens: &[&str]) -> bool {
        self.next.checked_sub(2).is_some_and(|before| tokens.contains(&self.tokens[before]))
    }

    fn skip_past(&mut self, end: &str) {
        while self.take().is_some_and(|token| token != end) {}
    }

    /// Passes an attribute; tells whether what it is of exists in tests only.
    fn attribute_of_a_test(&mut self) -> bool {
        let start = self.next;
        let mut depth = 0_usize;
        while let Some(token) = self.take() {
            match token {
                "[" => depth += 1,
                "]" if depth == 1 => break,
                "]" => depth -= 1,
                _ => {}
            }
        }
        let inside = &self.tokens[start..self.next];
        inside == ["[", "test", "]"] || inside.contains(&"cfg") && inside.contains(&"test") && !inside.contains(&"not")
    }

    /// Passes an item with its body or up to its semicolon.
    fn skip_item(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.take() {
            match token {
                ";" if depth == 0 => return,
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if token == "}" && depth == 0 {
                // The braces of imports are followed by a semicolon.
                if self.is_next(";") {
                    self.next += 1;
                }
                return;
            }
        }
    }

    /// `mod child;` or `mod child { … }`.
    fn child(&mut self, at: &[String]) {
        let (Some(name), Some(sign)) = (self.take(), self.take()) else {
            return;
        };
        let path = [at, &[name.to_owned()]].concat();
        if sign == "{" {
            self.module(path);
        } else {
            self.children.extend(self.files_of(name).into_iter().map(|file| (path.clone(), file)));
        }
    }

    /// Where the file of a child may be. Those that are not there are passed over.
    fn files_of(&self, name: &str) -> Vec<String> {
        let (folder, stem) = self.file.path.trim_end_matches(".rs").rsplit_once('/').unwrap_or_default();
        let folder =
            if ["lib", "main", "mod"].contains(&stem) { folder.to_owned() } else { format!("{folder}/{stem}") };
        // What is between quotes is blank in the code.
        let declared = format!("mod {name};");
        let lines: Vec<&str> = self.file.text.lines().map(str::trim).collect();
        let named = lines.windows(2).filter(|pair| pair[1].ends_with(&declared)).filter_map(|pair| {
            let file = pair[0].strip_prefix("#[path = \"")?.strip_suffix("\"]")?;
            Some(format!("{folder}/{file}"))
        });
        named.chain([format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]).collect()
    }

    /// The rest of a path that begins with this word.
    fn path(&mut self, first: &str) -> Vec<String> {
        let mut path = vec![first.to_owned()];
        while self.is_next("::") {
            match self.tokens.get(self.next + 1) {
                Some(word) if word.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                    path.push((*word).to_owned());
                    self.next += 2;
                }
                _ => break,
            }
        }
        path
    }

    /// All names of one `use`.
    fn imports(&mut self, handed_on: bool) -> Vec<Use> {
        let mut imports = Vec::new();
        self.branch(&[], handed_on, &mut imports);
        self.skip_past(";");
        imports
    }

    /// One branch of the tree that a `use` is.
    fn branch(&mut self, stem: &[String], handed_on: bool, imports: &mut Vec<Use>) {
        let mut path = stem.to_vec();
        while let Some(token) = self.peek() {
            match token {
                "::" => self.next += 1,
                "{" => {
                    self.next += 1;
                    while self.peek().is_some_and(|token| token != "}" && token != ";") {
                        self.branch(&path, handed_on, imports);
                        self.next += usize::from(self.is_next(","));
                    }
                    self.next += usize::from(self.is_next("}"));
                    return;
                }
                "as" | "," | "}" | ";" => break,
                word => {
                    path.push(word.to_owned());
                    self.next += 1;
                }
            }
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.is_next("as") {
            self.next += 1;
            name = self.take().map(str::to_owned).unwrap_or_default();
        }
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
            name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name };
        }
        imports.push(Use { path, name, handed_on });
    }
}
