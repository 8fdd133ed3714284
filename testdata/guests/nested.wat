;; Components inside a component: two instances of one inner component, wired through canon lower and canon lift, a string that
;; crosses between them, and a resource made by one and used by the other.
(component
  ;; a source of strings and a resource `cell`
  (component $maker
    (core module $m
      (memory (export "memory") 1)
      (data (i32.const 16) "made: \c3\a9\e2\82\ac")
      (global $made (mut i32) (i32.const 0))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
      (func (export "name") (result i32)
        (i32.store (i32.const 8) (i32.const 16))
        (i32.store (i32.const 12) (i32.const 11))
        (i32.const 8))
      (func (export "made") (result i32) (global.get $made))
      (func (export "dtor") (param i32) (global.set $made (i32.add (global.get $made) (local.get 0)))))
    (core instance $i (instantiate $m))
    (type $cell' (resource (rep i32) (dtor (core func $i "dtor"))))
    (export $cell "cell" (type $cell'))
    (core func $new (canon resource.new $cell'))
    (core module $w
      (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (param i32) (result i32) (call $new (i32.add (local.get 0) (i32.const 100))))
      (func (export "get") (param i32) (result i32) (local.get 0)))
    (core instance $wi (instantiate $w (with "" (instance (export "new" (func $new))))))
    (func (export "make-cell") (param "v" u32) (result (own $cell)) (canon lift (core func $wi "make")))
    (func (export "cell-value") (param "c" (borrow $cell)) (result u32) (canon lift (core func $wi "get")))
    (func (export "dropped-sum") (result u32) (canon lift (core func $i "made")))
    (func (export "name") (result string)
      (canon lift (core func $i "name") (memory (core memory $i "memory")) string-encoding=utf8)))

  ;; uses a maker; its own strings are utf16
  (component $user
    (import "maker" (instance $maker
      (export "cell" (type $cell (sub resource)))
      (export "make-cell" (func (param "v" u32) (result (own $cell))))
      (export "cell-value" (func (param "c" (borrow $cell)) (result u32)))
      (export "name" (func (result string)))))
    (alias export $maker "cell" (type $cell))
    (core module $libc
      (memory (export "memory") 1)
      (global $top (mut i32) (i32.const 1024))
      (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
        (global.set $top (i32.add (local.get $at) (local.get $size)))
        (memory.copy (local.get $at) (local.get $old) (local.get $old_size))
        (local.get $at)))
    (core instance $libc (instantiate $libc))
    (core func $make (canon lower (func $maker "make-cell")))
    (core func $value (canon lower (func $maker "cell-value")))
    (core func $name (canon lower (func $maker "name") (memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))
      string-encoding=utf16))
    (core func $drop (canon resource.drop $cell))
    (core module $m
      (import "libc" "memory" (memory 1))
      (import "maker" "make" (func $make (param i32) (result i32)))
      (import "maker" "value" (func $value (param i32) (result i32)))
      (import "maker" "name" (func $name (param i32)))
      (import "maker" "drop" (func $drop (param i32)))
      ;; makes a cell, reads it, drops it
      (func (export "through") (param i32) (result i32) (local $cell i32)
        (local.set $cell (call $make (local.get 0)))
        (call $value (local.get $cell))
        (call $drop (local.get $cell)))
      ;; the name's length in UTF-16 code units
      (func (export "units") (result i32)
        (call $name (i32.const 8))
        (i32.load (i32.const 12)))
      ;; the name again, as UTF-16
      (func (export "name") (result i32)
        (call $name (i32.const 8))
        (i32.const 8)))
    (core instance $i (instantiate $m
      (with "libc" (instance $libc))
      (with "maker" (instance (export "make" (func $make)) (export "value" (func $value)) (export "name" (func $name))
        (export "drop" (func $drop))))))
    (func (export "through") (param "v" u32) (result u32) (canon lift (core func $i "through")))
    (func (export "units") (result u32) (canon lift (core func $i "units")))
    (func (export "name") (result string)
      (canon lift (core func $i "name") (memory (core memory $libc "memory")) string-encoding=utf16)))

  (instance $maker (instantiate $maker))
  (instance $user1 (instantiate $user (with "maker" (instance $maker))))
  (instance $user2 (instantiate $user (with "maker" (instance $maker))))
  (export "through" (func $user1 "through"))
  (export "through-other" (func $user2 "through"))
  (export "units" (func $user1 "units"))
  (export "name" (func $user2 "name"))
  (export "dropped-sum" (func $maker "dropped-sum")))
