;; Component directives: definitions, instances, calls with values typed by the callee.

(component definition $Adder
  (core module $m (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u8) (param "b" u8) (result u8) (canon lift (core func $i "add")))
)
(component instance $adder $Adder)
(assert_return (invoke "add" (u8.const 1) (u8.const 2)) (u8.const 3))
(assert_return (invoke $adder "add" (u8.const 255) (u8.const 0xff)) (u8.const 254))
(component instance $other $Adder)

;; what it imports is an earlier instance
(component $user
  (import "adder" (instance $a (export "add" (func (param "a" u8) (param "b" u8) (result u8)))))
  (export "sum" (func $a "add"))
)
(assert_return (invoke "sum" (u8.const 2) (u8.const 3)) (u8.const 5))
(assert_return (invoke $other "add" (u8.const 2) (u8.const 4)) (u8.const 6))
(assert_unlinkable (component (import "nobody" (instance (export "f" (func))))) "nobody")
(assert_unlinkable (component (import "adder" (instance (export "add" (func))))) "adder")

;; by another name
(register "sums" $user)
(component
  (import "sums" (instance $a (export "sum" (func (param "a" u8) (param "b" u8) (result u8)))))
  (export "sum" (func $a "sum"))
)
(assert_return (invoke "sum" (u8.const 20) (u8.const 30)) (u8.const 50))

;; modules and components of one script do not get into each other's way
(module $core (func (export "f") (result i32) (i32.const 7)))
(assert_return (invoke "f") (i32.const 7))
(assert_return (invoke $adder "add" (u8.const 7) (u8.const 7)) (u8.const 14))
(assert_return (invoke $core "f") (i32.const 7))

;; traps
(component definition $Trap
  (core module $m (func (export "f") unreachable) (func (export "g") (result i32) (i32.const 2)))
  (core instance $i (instantiate $m))
  (func (export "f") (canon lift (core func $i "f")))
  (func (export "g") (result bool) (canon lift (core func $i "g")))
)
(component instance $Trap)
(assert_return (invoke "g") (bool.const true))
(assert_trap (invoke "f") "unreachable")
(assert_trap (invoke "g") "cannot enter component instance")
(assert_trap (component
  (core module $m (func $f unreachable) (start $f))
  (core instance (instantiate $m))
) "unreachable")

;; forms of a definition
(component definition quote "(type $t (list u8)) (export" "\"a\" (type $t))")
(assert_invalid (component binary "\00asm" "\0d\00\01\00" "\07\01\01") "unexpected")
(assert_malformed (component quote "(func $f" ) "unexpected")
(assert_invalid (component (export "a" (func 0))) "unknown func")
