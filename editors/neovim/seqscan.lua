-- Neovim 0.11 and newer: copy this file to `lsp/seqscan.lua` of your configuration, and say `vim.lsp.enable("seqscan")`.
return {
  cmd = { "seqscan", "lsp" },
  filetypes = {
    "python", "javascript", "javascriptreact", "typescript", "typescriptreact", "sql", "mysql", "plsql", "prisma",
  },
  root_markers = { "seqscan.toml", ".seqscan.toml", ".git", "pyproject.toml", "package.json" },
  init_options = {
    -- What `:help vim.diagnostic` shows is that of open files; "workspace" tells of all files.
    settings = { diagnosticMode = "openFiles" },
  },
}
