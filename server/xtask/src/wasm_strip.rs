//! Takes code out of the interface that no page runs, though no compiler can prove it.
//!
//! Every erased view carries pointers to the code that would hydrate it piece by piece (`hydrate_async`), for pages whose
//! parts are loaded lazily, and every erased attribute some to what would fill in a template (`hydrate_from_template`) or
//! copy it for a component that attributes are spread on (`clone`). Ours are hydrated at once from what the server
//! rendered, and none spreads attributes, so nothing calls through those pointers; the code behind them is an eighth of
//! the program. Its bodies become a trap: a call would end the page, and the end-to-end tests see each page.
//!
//! Safe only where functions of equal code were kept apart: merged, one name stands for others too, and some of these are
//! called ([`crate::toolchain::Toolchain::keeps_functions_apart`]). wasm-opt merges them afterwards.

use anyhow::{Context, Result, ensure};
use walrus::{FunctionBuilder, FunctionKind, Module, ModuleConfig};

/// Parts of the names of such functions, of their closures and of what is compiled for them alone.
const NEVER_CALLED: &[&str] = &["13hydrate_async", "21hydrate_from_template", "13into_any_attr5clone", STREAMS];

/// A crate that nothing of ours uses. A name that *ends* with it is of generic code which that crate was the first to
/// need, and which the compiler shares with all others: waiting for a promise is such code.
const STREAMS: &str = "12wasm_streams";

/// wasm-bindgen runs these while it makes the glue, and takes them out itself.
const INTERPRETED: &str = "8describe";

/// The program as wasm-bindgen reads it, and whether what it writes has names.
pub(crate) fn parse(wasm: &[u8], names: bool) -> Result<Module> {
    // What the compiler writes is well-formed.
    ModuleConfig::new()
        .strict_validate(false)
        .generate_name_section(names)
        .generate_producers_section(false)
        .parse(wasm)
        .context("this is not the wasm of a compiler")
}

/// Makes a trap of every function that is never called, and gives their number.
pub(crate) fn strip(module: &mut Module) -> Result<usize> {
    let never_called: Vec<_> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| module.funcs.get(*id).name.as_deref().is_some_and(is_never_called))
        .collect();
    ensure!(!never_called.is_empty(), "the program has no function named {NEVER_CALLED:?}: were its names removed?");
    for id in &never_called {
        let FunctionKind::Local(function) = &module.funcs.get(*id).kind else {
            continue;
        };
        let (arguments, kind) = (function.args.clone(), function.ty());
        let (parameters, results) = module.types.params_results(kind);
        let (parameters, results) = (parameters.to_vec(), results.to_vec());
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        module.funcs.get_mut(*id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    Ok(never_called.len())
}

fn is_never_called(name: &str) -> bool {
    // What the linker appends begins with a dot.
    let mangled = name.split('.').next().unwrap_or(name);
    let shared = mangled.ends_with(STREAMS);
    !shared && NEVER_CALLED.iter().any(|part| name.contains(part)) && !name.contains(INTERPRETED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(names: &[&str]) -> Module {
        let mut module = Module::default();
        for name in names {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[walrus::ValType::I32]);
            builder.name((*name).to_owned()).func_body().i32_const(7);
            builder.finish(Vec::new(), &mut module.funcs);
        }
        module
    }

    fn is_trap(module: &Module, name: &str) -> bool {
        let id = module.funcs.by_name(name).expect("is there");
        let FunctionKind::Local(function) = &module.funcs.get(id).kind else { panic!("is local") };
        let instructions = &function.block(function.entry_block()).instrs;
        matches!(instructions.as_slice(), [(walrus::ir::Instr::Unreachable(_), _)])
    }

    #[test]
    fn only_what_is_never_called_becomes_a_trap() {
        let mut module = module(&["hydrate", "_RNCvNt13hydrate_async0B", "rebuild"]);
        assert_eq!(strip(&mut module).expect("strips"), 1);
        assert!(is_trap(&module, "_RNCvNt13hydrate_async0B"));
        assert!(!is_trap(&module, "hydrate") && !is_trap(&module, "rebuild"));
    }

    #[test]
    fn what_a_crate_was_the_first_to_need_is_shared_with_those_that_run() {
        let own = "_RNvMs0_NtNtCs9Dswbx0SfAY_12wasm_streams8readable22into_underlying_source4pull";
        let shared = "_RINvNvXs2_NtCs4ZWQBRztvLB_6js_sys7futures8JsFuture4from6finishCs9Dswbx0SfAY_12wasm_streams";
        let linked = "_RINvNtCsl62_4core3ptr13drop_in_placeNtCs55_12wasm_bindgen7JsValueECs9D_12wasm_streams.llvm.17";
        let mut module = module(&[own, shared, linked]);
        assert_eq!(strip(&mut module).expect("strips"), 1);
        assert!(is_trap(&module, own));
        assert!(!is_trap(&module, shared) && !is_trap(&module, linked));
    }

    #[test]
    fn a_program_without_names_is_not_taken_for_one_without_such_code() {
        assert!(strip(&mut module(&["f"])).is_err());
    }
}
