;;; seqscan.el --- seqscan in Emacs  -*- lexical-binding: t; -*-

;; Eglot (in Emacs since 29) runs one server per buffer; `M-x eglot` in a buffer of these modes starts seqscan where no
;; other server is wanted. Lsp-mode runs it beside others.

;;; Code:

(defvar seqscan-modes
  '(python-mode python-ts-mode js-mode js-ts-mode typescript-mode typescript-ts-mode tsx-ts-mode sql-mode)
  "Modes whose files seqscan reads.")

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               `(,seqscan-modes . ("seqscan" "lsp" :initializationOptions (:diagnosticMode "openFiles")))
               t))

(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection '("seqscan" "lsp"))
    :major-modes seqscan-modes
    :server-id 'seqscan
    :add-on? t)))

(provide 'seqscan)
;;; seqscan.el ends here
