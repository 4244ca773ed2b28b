//! Takes out of the wasm what the compiler has to keep and nothing can reach: code whose address lies in a table of
//! methods, of which the page never calls that one. Works by function name, before wasm-bindgen drops the names.

use anyhow::{Context, Result, ensure};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module, ModuleConfig};

/// The page hydrates at once and without templates, so these methods of every view are never called. Being closures
/// of generic methods they are a fifth of the code. A call would stop the page at once, in every end-to-end test.
const UNREACHABLE: &[&str] = &["hydrate_async", "hydrate_from_template", "new_with_async_value"];

/// The compiler gives equal functions one body and one name. What is as long as this is equal to nothing but itself.
const INSTRUCTIONS_MIN: u64 = 40;

/// Replaces the bodies of the unreachable functions by a trap, and says how many. What only they needed goes when
/// wasm-bindgen collects garbage.
pub(crate) fn snip(wasm: &[u8]) -> Result<(Vec<u8>, usize)> {
    let mut module =
        ModuleConfig::new().generate_dwarf(false).parse(wasm).context("cargo made a wasm file that cannot be read")?;
    ensure!(
        module.funcs.iter_local().any(|(id, _)| module.funcs.get(id).name.is_some()),
        "the wasm has no function names: the profile must not strip it"
    );
    let found: Vec<FunctionId> = module
        .funcs
        .iter_local()
        .filter(|(id, body)| body.size() >= INSTRUCTIONS_MIN && is_unreachable(module.funcs.get(*id).name.as_deref()))
        .map(|(id, _)| id)
        .collect();
    for id in &found {
        trap(&mut module, *id);
    }
    Ok((module.emit_wasm(), found.len()))
}

fn is_unreachable(name: Option<&str>) -> bool {
    name.is_some_and(|name| UNREACHABLE.iter().any(|part| name.contains(part)))
}

fn trap(module: &mut Module, id: FunctionId) {
    let kind = module.types.get(module.funcs.get(id).ty());
    let (parameters, results) = (kind.params().to_vec(), kind.results().to_vec());
    let mut body = FunctionBuilder::new(&mut module.types, &parameters, &results);
    body.func_body().unreachable();
    let parameters = parameters.into_iter().map(|kind| module.locals.add(kind)).collect();
    module.funcs.get_mut(id).kind = FunctionKind::Local(body.local_func(parameters));
}

#[cfg(test)]
mod tests {
    use walrus::ValType;

    use super::*;

    fn function(module: &mut Module, name: &str, instructions: usize) {
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
        builder.name(name.to_owned());
        let mut body = builder.func_body();
        for _ in 1..instructions {
            body.i32_const(1).drop();
        }
        body.i32_const(7);
        let id = builder.finish(vec![], &mut module.funcs);
        module.exports.add(name, id);
    }

    fn sizes(wasm: &[u8]) -> Vec<(String, u64)> {
        let module = Module::from_buffer(wasm).expect("is wasm");
        let mut sizes: Vec<_> = module
            .funcs
            .iter_local()
            .map(|(id, body)| (module.funcs.get(id).name.clone().unwrap_or_default(), body.size()))
            .collect();
        sizes.sort();
        sizes
    }

    #[test]
    fn only_long_functions_of_the_list_are_taken_out() {
        let mut module = Module::default();
        function(&mut module, "view::hydrate", 100);
        function(&mut module, "view::hydrate_async::closure", 100);
        function(&mut module, "view::hydrate_async::short", 2);
        let (wasm, found) = snip(&module.emit_wasm()).expect("is wasm");
        assert_eq!(found, 1);
        let sizes = sizes(&wasm);
        assert!(sizes[0].1 > 100, "{sizes:?}");
        assert_eq!(sizes[1], ("view::hydrate_async::closure".to_owned(), 1));
        assert_eq!(sizes[2].1, 3);
    }

    #[test]
    fn a_file_without_names_is_refused() {
        assert!(snip(&Module::default().emit_wasm()).is_err());
        assert!(snip(b"not wasm").is_err());
    }
}
