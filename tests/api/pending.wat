;; api/pending.wat: two components, one calling the other, for tests of host functions that stay pending.
;; Made into pending.wasm by `wasm-tools parse`.
(component
  (import "wait" (func $wait (param "x" u32) (result u32)))

  ;; the inner one: calls the host; its resource's destructor does too
  (component $B
    (import "wait" (func $wait (param "x" u32) (result u32)))
    (core func $wait' (canon lower (func $wait)))
    (core module $Dtor
      (import "" "wait" (func $wait (param i32) (result i32)))
      (global $dropped (mut i32) (i32.const 0))
      (func (export "dtor") (param i32)
        (global.set $dropped (i32.add (global.get $dropped) (call $wait (local.get 0)))))
      (func (export "dropped") (result i32) (global.get $dropped)))
    (core instance $dtor (instantiate $Dtor (with "" (instance (export "wait" (func $wait'))))))
    (type $thing' (resource (rep i32) (dtor (core func $dtor "dtor"))))
    (export $thing "thing" (type $thing'))
    (core func $new (canon resource.new $thing'))
    (core module $M
      (import "" "wait" (func $wait (param i32) (result i32)))
      (import "" "new" (func $new (param i32) (result i32)))
      (func (export "work") (param i32) (result i32) (i32.add (call $wait (local.get 0)) (i32.const 1)))
      (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
      (func (export "peek") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $M (with "" (instance (export "wait" (func $wait')) (export "new" (func $new))))))
    (func (export "work") (param "x" u32) (result u32) (canon lift (core func $m "work")))
    (func (export "make") (param "x" u32) (result (own $thing)) (canon lift (core func $m "make")))
    (func (export "peek") (param "t" (borrow $thing)) (result u32) (canon lift (core func $m "peek")))
    (func (export "dropped") (result u32) (canon lift (core func $dtor "dropped"))))
  (instance $b (instantiate $B (with "wait" (func $wait))))

  ;; the outer one
  (alias export $b "thing" (type $thing))
  (component $A
    (import "b" (instance $b
      (export "thing" (type $thing (sub resource)))
      (export "work" (func (param "x" u32) (result u32)))
      (export "make" (func (param "x" u32) (result (own $thing))))
      (export "peek" (func (param "t" (borrow $thing)) (result u32)))))
    (alias export $b "thing" (type $thing))
    (core func $work (canon lower (func $b "work")))
    (core func $make (canon lower (func $b "make")))
    (core func $peek (canon lower (func $b "peek")))
    (core func $drop (canon resource.drop $thing))
    (core module $M
      (import "" "work" (func $work (param i32) (result i32)))
      (import "" "make" (func $make (param i32) (result i32)))
      (import "" "peek" (func $peek (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param i32) (result i32) (i32.mul (call $work (local.get 0)) (i32.const 2)))
      (func (export "make-and-drop") (param i32) (result i32) (local i32 i32)
        (local.set 1 (call $make (local.get 0)))
        (local.set 2 (call $peek (local.get 1)))
        (call $drop (local.get 1))
        (local.get 2)))
    (core instance $m (instantiate $M (with "" (instance
      (export "work" (func $work)) (export "make" (func $make)) (export "peek" (func $peek)) (export "drop" (func $drop))))))
    (func (export "run") (param "x" u32) (result u32) (canon lift (core func $m "run")))
    (func (export "make-and-drop") (param "x" u32) (result u32) (canon lift (core func $m "make-and-drop"))))
  (instance $a (instantiate $A (with "b" (instance $b))))

  (export $root-thing "thing" (type $thing))
  (export "run" (func $a "run"))
  (export "make-and-drop" (func $a "make-and-drop"))
  (export "work" (func $b "work"))
  (export "dropped" (func $b "dropped"))
  (export "make" (func $b "make") (func (param "x" u32) (result (own $root-thing))))
  (export "peek" (func $b "peek") (func (param "t" (borrow $root-thing)) (result u32)))
  (export "echo-wait" (func $wait)))
