;; A component whose imports nobody provides by default: a plain function, an interface with a resource, and one of WASI's names
;; in a version that does not exist.
(component
  (import "log" (func $log (param "line" string)))
  (import "test:store/kv@1.2.0" (instance $kv
    (export "bucket" (type $bucket (sub resource)))
    (export "open" (func (param "name" string) (result (own $bucket))))
    (export "[method]bucket.get" (func (param "self" (borrow $bucket)) (param "key" string) (result (option string))))))
  (import "wasi:clocks/sundial@0.2.0" (instance $sundial (export "shadow" (func (result f64)))))
  (core module $libc
    (memory (export "memory") 1)
    (data (i32.const 16) "called")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $libc (instantiate $libc))
  (core func $log (canon lower (func $log) (memory (core memory $libc "memory"))))
  (core module $m
    (import "" "log" (func $log (param i32 i32)))
    (func (export "run") (call $log (i32.const 16) (i32.const 6))))
  (core instance $i (instantiate $m (with "" (instance (export "log" (func $log))))))
  (func (export "run") (canon lift (core func $i "run"))))
