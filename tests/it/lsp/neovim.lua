-- A session as a user has it: open a file, see the finding, choose the code action, see the text change.
-- Set in the environment: SETUP, the set-up that users copy; FILE, a file with one finding at LINE.
local function fail(message)
  io.stderr:write("FAILED: " .. message .. "\n")
  vim.cmd("cquit 1")
end

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    fail(what .. " did not come")
  end
end

local ok, problem = xpcall(function()
  local setup = dofile(vim.env.SETUP)
  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.FILE))
  if not vim.tbl_contains(setup.filetypes, vim.bo.filetype) then
    fail("no server for " .. vim.bo.filetype)
  end
  local root = vim.fs and vim.fs.root and vim.fs.root(0, setup.root_markers) or vim.fn.fnamemodify(vim.env.FILE, ":h")
  local id = vim.lsp.start_client({
    name = "seqscan",
    cmd = setup.cmd,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    init_options = setup.init_options,
  })
  vim.lsp.buf_attach_client(0, id)

  wait("the finding", function() return #vim.diagnostic.get(0) == 1 end)
  local found = vim.diagnostic.get(0)[1]
  print(("%d:%d %s %s: %s"):format(found.lnum + 1, found.col + 1, found.source, found.code or "", found.message))
  if found.lnum + 1 ~= tonumber(vim.env.LINE) then
    fail("the finding is in line " .. found.lnum + 1)
  end

  local titles = {}
  vim.ui.select = function(items, options, choose)
    for nth, item in ipairs(items) do
      local title = options.format_item(item)
      table.insert(titles, title)
      if title:find("^Ignore") then
        return choose(item, nth)
      end
    end
    fail("no such action among " .. table.concat(titles, ", "))
  end
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  local before = vim.api.nvim_buf_line_count(0)
  vim.lsp.buf.code_action()
  wait("the comment", function() return vim.api.nvim_buf_line_count(0) == before + 1 end)
  wait("the end of the finding", function() return #vim.diagnostic.get(0) == 0 end)
  vim.cmd("write")

  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, 12 })
  local hover = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(0, "utf-16"), 60000)
  local result = hover and hover[id] and hover[id].result
  print(result and result.contents.value or "no hover")
  vim.lsp.stop_client(id)
end, debug.traceback)
if not ok then
  fail(problem)
end
vim.cmd("qall!")
