;; Imports one function, `log`, and calls it n times with a line of text; for hosts that provide it.
(component
  (import "log" (func $log (param "line" string)))
  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "line of text"))
  (core instance $libc (instantiate $libc))
  (core func $log (canon lower (func $log) (memory (core memory $libc "memory"))))
  (core module $m
    (import "" "log" (func $log (param i32 i32)))
    (func (export "run") (param i32)
      (loop $again
        (if (local.get 0)
          (then
            (call $log (i32.const 16) (i32.const 12))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br $again))))))
  (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
  (func (export "run") (param "times" u32) (canon lift (core func $i "run"))))
