//! Has each function of a program note that it ran. The names it has stay as the cut will see them.

use anyhow::{Context, Result, ensure};
use walrus::ir::{Call, Const, Instr, Value};
use walrus::{Module, ModuleConfig, ValType};

/// One function of the program.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// How much there is of it, in instructions.
    pub(crate) size: u64,
}

/// The program that counts.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) wasm: Vec<u8>,
    pub(crate) glue: String,
    /// By the numbers that they note.
    pub(crate) functions: Vec<Function>,
}

/// `program` has its names, `glue` is the JavaScript that wasm-bindgen wrote for it.
pub(crate) fn instrument(program: &[u8], glue: &str) -> Result<Counted> {
    let mut module = ModuleConfig::new()
        .strict_validate(false)
        .generate_name_section(false)
        .parse(program)
        .context("this is not the wasm of wasm-bindgen")?;
    let functions = note_each(&mut module);
    let end = "\n        \"./room_bg.js\": import0,\n";
    ensure!(glue.matches(end).count() == 1, "wasm-bindgen writes another JavaScript");
    let note = "        counting: { ran: (number) => { globalThis.ran[number] = 1; } },\n";
    let marks = format!("globalThis.ran ??= new Uint8Array({});\n", functions.len());
    let glue = marks + &glue.replace(end, &format!("{end}{note}"));
    Ok(Counted { wasm: module.emit_wasm(), glue, functions })
}

fn note_each(module: &mut Module) -> Vec<Function> {
    let kind = module.types.add(&[ValType::I32], &[]);
    let ids: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let (ran, _) = module.add_import_func("counting", "ran", kind);
    let mut functions = Vec::with_capacity(ids.len());
    for id in ids {
        let name = module.funcs.get(id).name.clone().unwrap_or_default();
        let local = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let number = i32::try_from(functions.len()).unwrap_or(i32::MAX);
        functions.push(Function { name, size: local.size() });
        let block = local.entry_block();
        let body = &mut local.block_mut(block).instrs;
        let note = [Instr::Const(Const { value: Value::I32(number) }), Instr::Call(Call { func: ran })];
        body.splice(0..0, note.into_iter().map(|instruction| (instruction, walrus::ir::InstrLocId::default())));
    }
    functions
}
