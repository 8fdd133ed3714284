;; api/start.wat: a core module whose start function calls the host, in a component nested in another.
(component
  (import "wait" (func $wait (param "x" u32) (result u32)))
  (component $C
    (import "wait" (func $wait (param "x" u32) (result u32)))
    (core func $wait' (canon lower (func $wait)))
    (core module $M
      (import "" "wait" (func $wait (param i32) (result i32)))
      (global $got (mut i32) (i32.const 0))
      (func $start (global.set $got (call $wait (i32.const 7))))
      (start $start)
      (func (export "got") (result i32) (global.get $got)))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait'))))))
    (func (export "got") (result u32) (canon lift (core func $m "got"))))
  (instance $c (instantiate $C (with "wait" (func $wait))))
  (instance $d (instantiate $C (with "wait" (func $wait))))
  (export "got" (func $c "got"))
  (export "got-too" (func $d "got")))
