//! Cuts a program in two: what a page needs to be shown, and more that it fetches when it is idle.
//!
//! The first half keeps memory, tables and globals; the second imports them from it, with the functions that it calls.
//! In the first half, a function of the second is a short one that calls through a table. The second half fills that
//! table when it is instantiated; where it is still empty, `load` is called first, which does not return before it is
//! full (`wasm_split.js`). So what is moved is a question of speed alone: the program does the same with any choice.
//!
//! Moved is what the caller asks for by name, and what nothing else reaches.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use walrus::ir::{Visitor, dfs_in_order};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalKind,
    ImportKind, ImportedFunction, LocalFunction, Module, ModuleConfig, RefType, passes,
};

/// The module of what the second half takes from the first.
const FIRST: &str = "first";
/// The module of `load`.
const GLUE: &str = "split";

/// Appended to the JavaScript of wasm-bindgen; with the name of the file for ADDRESS.
const SECOND: &str = include_str!("wasm_split.js");

/// Both halves, as wasm without names.
#[derive(Debug)]
pub(crate) struct Halves {
    pub(crate) first: Vec<u8>,
    pub(crate) second: Vec<u8>,
    /// Functions that are in the second only.
    pub(crate) moved: usize,
    /// What both take from the JavaScript, by its names there: its place in the list makes its name in the wasm.
    imports: Vec<String>,
}

/// `is_later` is asked with the name of each function.
pub(crate) fn split(wasm: &[u8], is_later: impl Fn(&str) -> bool) -> Result<Halves> {
    let (mut first, mut second) = (parse(wasm)?, parse(wasm)?);
    let imports = shorten_imports(&mut first);
    shorten_imports(&mut second);
    let moved = Moved::find(&first, is_later)?;
    let slots = make_second(&mut second, &moved);
    share(&mut first, &mut second)?;
    make_first(&mut first, &moved, slots)?;
    Ok(Halves { first: first.emit_wasm(), second: second.emit_wasm(), moved: moved.all.len(), imports })
}

/// What the file of the second half is called.
pub(crate) fn second_name(name: &str) -> String {
    format!("{name}.later.wasm")
}

/// The JavaScript of wasm-bindgen with what fetches the second half, and gives the first its `load`.
pub(crate) fn glue(bindgen: &str, name: &str, halves: &Halves) -> Result<String> {
    let mut glue = bindgen.to_owned();
    let imports_end = format!("\n        \"./{name}_bg.js\": import0,\n");
    let mut put = |line: &str, instead: &str| {
        ensure!(glue.matches(line).count() == 1, "wasm-bindgen writes another JavaScript: {line:?} is not there once");
        glue = glue.replace(line, instead);
        Ok(())
    };
    for (place, import) in halves.imports.iter().enumerate() {
        put(&format!("\n        {import}: "), &format!("\n        {}: ", short_name(place)))?;
    }
    put(&imports_end, &format!("{imports_end}        split: {{ load: loadSecond }},\n"))?;
    let begin = "\nfunction __wbg_finalize_init(instance, module) {\n";
    put(begin, &format!("{begin}    whenIdle();\n"))?;
    Ok(glue + &SECOND.replace("ADDRESS", &second_name(name)))
}

/// The names of wasm-bindgen end in hashes, which are in both files and cannot be compressed.
fn shorten_imports(module: &mut Module) -> Vec<String> {
    let imports = module.imports.iter_mut().enumerate();
    imports.map(|(place, import)| std::mem::replace(&mut import.name, short_name(place))).collect()
}

fn short_name(place: usize) -> String {
    format!("i{place:x}")
}

/// Twice the same wasm gives twice the same numbers: by them an item of one half is found in the other.
fn parse(wasm: &[u8]) -> Result<Module> {
    ModuleConfig::new()
        .strict_validate(false)
        .generate_name_section(false)
        .generate_producers_section(false)
        .parse(wasm)
        .context("this is not the wasm of wasm-bindgen")
}

/// The numbers of the functions that move.
struct Moved {
    all: BTreeSet<usize>,
    /// Those among them that the first half calls or points to, with their places in the table.
    slots: BTreeMap<usize, u32>,
}

impl Moved {
    fn find(module: &Module, is_later: impl Fn(&str) -> bool) -> Result<Self> {
        let local: BTreeMap<usize, (FunctionId, &LocalFunction)> =
            module.funcs.iter_local().map(|(id, function)| (id.index(), (id, function))).collect();
        let named = |number: &usize| {
            let name = local.get(number).and_then(|(id, _)| module.funcs.get(*id).name.as_deref());
            name.is_some_and(&is_later)
        };
        let later: BTreeSet<usize> = local.keys().copied().filter(named).collect();
        ensure!(!later.is_empty(), "no function is named to be moved: were the names removed?");

        let mut stays = BTreeSet::new();
        let mut entered = BTreeSet::new();
        let mut ahead = roots(module);
        while let Some(number) = ahead.pop() {
            if later.contains(&number) {
                entered.insert(number);
            } else if stays.insert(number) {
                ahead.extend(local.get(&number).map_or(Vec::new(), |(_, function)| called_by(function)));
            }
        }
        let all = local.keys().copied().filter(|number| !stays.contains(number)).collect();
        Ok(Self { all, slots: entered.into_iter().zip(0..).collect() })
    }
}

/// What can be called from outside of all functions.
fn roots(module: &Module) -> Vec<usize> {
    let exported = module.exports.iter().filter_map(|export| match export.item {
        ExportItem::Function(id) => Some(id),
        ExportItem::Table(_) | ExportItem::Memory(_) | ExportItem::Global(_) | ExportItem::Tag(_) => None,
    });
    let pointed_to = module.elements.iter().flat_map(|element| match &element.items {
        ElementItems::Functions(ids) => ids.clone(),
        ElementItems::Expressions(_, items) => {
            items.iter().filter_map(|item| if let ConstExpr::RefFunc(id) = item { Some(*id) } else { None }).collect()
        }
    });
    exported.chain(pointed_to).chain(module.start).map(|id| id.index()).collect()
}

fn called_by(function: &LocalFunction) -> Vec<usize> {
    struct Called(Vec<usize>);
    impl Visitor<'_> for Called {
        fn visit_function_id(&mut self, id: &FunctionId) {
            self.0.push(id.index());
        }
    }
    let mut called = Called(Vec::new());
    dfs_in_order(&mut called, function, function.entry_block());
    called.0
}

/// Leaves what moved, and the table of it; everything else is imported, under its number.
fn make_second(module: &mut Module, moved: &Moved) -> u64 {
    module.start = None;
    delete_all(module);
    for id in module.funcs.iter_local().map(|(id, _)| id).collect::<Vec<_>>() {
        if !moved.all.contains(&id.index()) {
            let ty = module.funcs.get(id).ty();
            let import = module.imports.add(FIRST, &id.index().to_string(), ImportKind::Function(id));
            module.funcs.get_mut(id).kind = FunctionKind::Import(ImportedFunction { import, ty });
        }
    }
    for id in module.memories.iter().map(walrus::Memory::id).collect::<Vec<_>>() {
        let import = module.imports.add(FIRST, &id.index().to_string(), ImportKind::Memory(id));
        let memory = module.memories.get_mut(id);
        memory.import = Some(import);
        memory.data_segments.clear();
    }
    for id in module.globals.iter().map(walrus::Global::id).collect::<Vec<_>>() {
        let import = module.imports.add(FIRST, &id.index().to_string(), ImportKind::Global(id));
        module.globals.get_mut(id).kind = GlobalKind::Import(import);
    }
    for id in module.tables.iter().map(walrus::Table::id).collect::<Vec<_>>() {
        let import = module.imports.add(FIRST, &id.index().to_string(), ImportKind::Table(id));
        let table = module.tables.get_mut(id);
        table.import = Some(import);
        table.elem_segments.clear();
    }
    let slots = moved.slots.len() as u64;
    let table = module.tables.add_local(false, slots, Some(slots), RefType::FUNCREF);
    let number = table.index().to_string();
    let import = module.imports.add(FIRST, &number, ImportKind::Table(table));
    module.tables.get_mut(table).import = Some(import);
    let by_number: BTreeMap<usize, FunctionId> = module.funcs.iter_local().map(|(id, _)| (id.index(), id)).collect();
    let functions = moved.slots.keys().filter_map(|number| by_number.get(number).copied()).collect();
    let kind = ElementKind::Active { table, offset: ConstExpr::Value(walrus::ir::Value::I32(0)) };
    let element = module.elements.add(kind, ElementItems::Functions(functions));
    module.tables.get_mut(table).elem_segments.insert(element);
    passes::gc::run(module);
    slots
}

/// Exports, data and the contents of tables are the first half's.
fn delete_all(module: &mut Module) {
    for id in module.exports.iter().map(walrus::Export::id).collect::<Vec<_>>() {
        module.exports.delete(id);
    }
    for id in module.data.iter().map(walrus::Data::id).collect::<Vec<_>>() {
        module.data.delete(id);
    }
    for id in module.elements.iter().map(walrus::Element::id).collect::<Vec<_>>() {
        module.elements.delete(id);
    }
}

/// Exports from the first half what the second has come to import, under names that no export of wasm-bindgen has.
fn share(first: &mut Module, second: &mut Module) -> Result<()> {
    let wanted: Vec<_> =
        second.imports.iter().filter(|import| import.module == FIRST).map(walrus::Import::id).collect();
    for (number, import) in wanted.into_iter().enumerate() {
        let name = format!("{number:x}");
        let import = second.imports.get_mut(import);
        let item = match import.kind {
            ImportKind::Function(id) => {
                let found = first.funcs.iter().map(walrus::Function::id).find(|own| own.index() == id.index());
                found.map(ExportItem::Function)
            }
            ImportKind::Global(id) => {
                let found = first.globals.iter().map(walrus::Global::id).find(|own| own.index() == id.index());
                found.map(ExportItem::Global)
            }
            ImportKind::Memory(id) => {
                let found = first.memories.iter().map(walrus::Memory::id).find(|own| own.index() == id.index());
                found.map(ExportItem::Memory)
            }
            ImportKind::Table(id) => {
                let found = first.tables.iter().map(walrus::Table::id).find(|own| own.index() == id.index());
                // The one that the split adds: the first half makes it, with the same number.
                let table = second.tables.get(id);
                let (initial, maximum) = (table.initial, table.maximum);
                let add = || first.tables.add_local(false, initial, maximum, RefType::FUNCREF);
                Some(ExportItem::Table(found.unwrap_or_else(add)))
            }
            ImportKind::Tag(_) => None,
        };
        first.exports.add(&name, item.context("the second half imports what the first has not")?);
        import.name = name;
    }
    Ok(())
}

/// Puts a call through the table in the place of each function that moved.
fn make_first(module: &mut Module, moved: &Moved, slots: u64) -> Result<()> {
    let table = module.tables.iter().last().map(walrus::Table::id).context("there is no table")?;
    ensure!(module.tables.get(table).initial == slots, "the last table is not that of the second half");
    let load_type = module.types.add(&[], &[]);
    let (load, _) = module.add_import_func(GLUE, "load", load_type);
    let mut ready = FunctionBuilder::new(&mut module.types, &[], &[]);
    ready.func_body().i32_const(0).table_get(table).ref_is_null().if_else(
        None,
        |missing| {
            missing.call(load);
        },
        |_| {},
    );
    let ready = ready.finish(Vec::new(), &mut module.funcs);
    let entered: Vec<FunctionId> =
        module.funcs.iter_local().map(|(id, _)| id).filter(|id| moved.slots.contains_key(&id.index())).collect();
    for id in entered {
        let FunctionKind::Local(function) = &module.funcs.get(id).kind else { continue };
        let (arguments, kind) = (function.args.clone(), function.ty());
        let (parameters, results) = module.types.params_results(kind);
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        let mut through = FunctionBuilder::new(&mut module.types, &parameters, &results);
        let mut body = through.func_body();
        body.call(ready);
        for argument in &arguments {
            body.local_get(*argument);
        }
        let slot = i32::try_from(moved.slots[&id.index()])?;
        body.i32_const(slot).call_indirect(kind, table);
        module.funcs.get_mut(id).kind = FunctionKind::Local(through.local_func(arguments));
    }
    passes::gc::run(module);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::ValType::I32;

    /// `main` calls `shared` and `dialog`; `dialog` calls `shared`, `inner` and what JavaScript gives.
    fn program() -> Vec<u8> {
        let mut module = Module::default();
        let kind = module.types.add(&[], &[I32]);
        let (now, _) = module.add_import_func("./room_bg.js", "__wbg_now_0123456789abcdef", kind);
        let mut function = |name: &str, called: &[FunctionId]| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[I32]);
            builder.name(name.to_owned());
            let mut body = builder.func_body();
            for callee in called {
                body.call(*callee).drop();
            }
            body.i32_const(7);
            builder.finish(Vec::new(), &mut module.funcs)
        };
        let (shared, inner) = (function("shared", &[]), function("inner", &[]));
        let dialog = function("dialog", &[shared, inner, now]);
        let main = function("main", &[shared, dialog]);
        module.exports.add("main", main);
        module.emit_wasm()
    }

    fn valid(wasm: &[u8]) -> Module {
        ModuleConfig::new().strict_validate(true).parse(wasm).expect("is valid")
    }

    #[test]
    fn what_only_the_moved_reaches_moves_along() {
        let halves = split(&program(), |name| name == "dialog").expect("splits");
        assert_eq!(halves.moved, 2);
        let second = valid(&halves.second);
        assert_eq!(second.funcs.iter_local().count(), 2);
        let first = valid(&halves.first);
        assert!(first.imports.find(GLUE, "load").is_some());
        assert!(first.imports.find("./room_bg.js", "i0").is_none(), "only the second half calls it");
        assert!(second.imports.find("./room_bg.js", "i0").is_some());
    }

    #[test]
    fn the_first_half_has_all_that_the_second_takes_from_it() {
        let halves = split(&program(), |name| name == "dialog").expect("splits");
        let (first, second) = (valid(&halves.first), valid(&halves.second));
        let taken: Vec<_> = second.imports.iter().filter(|import| import.module == FIRST).collect();
        assert_eq!(taken.len(), 2, "`shared` and the table");
        for import in taken {
            assert!(first.exports.iter().any(|export| export.name == import.name), "{}", import.name);
        }
    }

    #[test]
    fn a_program_without_names_is_not_cut() {
        assert!(split(&program(), |_| false).is_err());
    }

    #[test]
    fn another_javascript_than_expected_is_refused() {
        let halves = split(&program(), |name| name == "dialog").expect("splits");
        let known = "\n        __wbg_now_0123456789abcdef: function() {\n\n        \"./room_bg.js\": import0,\n\nfunction \
                     __wbg_finalize_init(instance, module) {\n";
        let glued = glue(known, "room", &halves).expect("is as expected");
        assert!(glued.contains("\n        i0: function") && glued.contains("split: { load: loadSecond }"));
        assert!(glued.contains("new URL(\"room.later.wasm\""));
        assert!(glue(&known.replace("finalize", "end"), "room", &halves).is_err());
    }
}
