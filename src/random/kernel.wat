;; Draws of a stream, many at once; fill.ts calls it. All of it is exact or rounded as IEEE 754 says, so
;; that a seed gives the same numbers on every machine: those of random.ts.
;;
;; words: blocks of Threefry-2x32-20, four counters at a time; scripts/assemble.ts writes its rounds out.
;; The first words lie from 0 on, the second ones from 32768 on.
;;
;; normals and uniforms: words into floats, two at a time, over the first words.
;;
;; log and cos follow fdlibm (e_log.c, e_rem_pio2.c, k_cos.c, k_sin.c; © 1993 Sun Microsystems, freely
;; granted), as V8 does: the same polynomials in the same order, without what arguments outside of
;; (0, 1] and [0, 2π) would need.

(module
  (memory (export "memory") 1)

  (func (export "words") (param $key0 i32) (param $key1 i32) (param $first i32) (param $count i32)
    (local $k0 v128) (local $k1 v128) (local $k2 v128)
    (local $counter v128) (local $x v128) (local $y v128) (local $at i32)
    (local.set $k0 (i32x4.splat (local.get $key0)))
    (local.set $k1 (i32x4.splat (local.get $key1)))
    (local.set $k2 (v128.xor (v128.xor (local.get $k0) (local.get $k1))
      (v128.const i32x4 0x1bd11bda 0x1bd11bda 0x1bd11bda 0x1bd11bda)))
    (local.set $counter (i32x4.add (i32x4.splat (local.get $first)) (v128.const i32x4 0 1 2 3)))
    (loop $next
      (local.set $x (i32x4.add (local.get $counter) (local.get $k0)))
      (local.set $y (local.get $k1))
      ;; @rounds
      (v128.store (local.get $at) (local.get $x))
      (v128.store offset=32768 (local.get $at) (local.get $y))
      (local.set $counter (i32x4.add (local.get $counter) (v128.const i32x4 4 4 4 4)))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $at) (i32.shl (local.get $count) (i32.const 2))))))

  ;; log u: u = 2^k (1 + f) with √½ < 1 + f < √2, s = f / (2 + f), and a polynomial in s².
  (func $log (param $u v128) (result v128)
    (local $m v128) (local $up v128) (local $f v128) (local $k v128)
    (local $s v128) (local $z v128) (local $w v128) (local $odd v128) (local $r v128) (local $half v128)
    ;; The mantissa, and a one in the exponent where it is above √2.
    (local.set $m (v128.and (local.get $u) (v128.const i64x2 0x000fffffffffffff 0x000fffffffffffff)))
    (local.set $up (v128.and
      (i64x2.add (local.get $m) (v128.const i64x2 0x00095f6400000000 0x00095f6400000000))
      (v128.const i64x2 0x0010000000000000 0x0010000000000000)))
    (local.set $f (f64x2.sub
      (v128.or (local.get $m) (v128.xor
        (local.get $up)
        (v128.const i64x2 0x3ff0000000000000 0x3ff0000000000000)))
      (v128.const f64x2 1 1)))
    ;; k as the low bits of 2^52 + k + 1023.
    (local.set $k (f64x2.sub
      (v128.or
        (i64x2.shr_u (i64x2.add (local.get $u) (local.get $up)) (i32.const 52))
        (v128.const i64x2 0x4330000000000000 0x4330000000000000))
      (v128.const f64x2 4503599627371519 4503599627371519)))
    (local.set $s (f64x2.div (local.get $f) (f64x2.add (v128.const f64x2 2 2) (local.get $f))))
    (local.set $z (f64x2.mul (local.get $s) (local.get $s)))
    (local.set $w (f64x2.mul (local.get $z) (local.get $z)))
    (local.set $odd (v128.const f64x2 1.479819860511658591e-01 1.479819860511658591e-01))
    (local.set $odd (f64x2.add
      (v128.const f64x2 1.818357216161805012e-01 1.818357216161805012e-01)
      (f64x2.mul (local.get $w) (local.get $odd))))
    (local.set $odd (f64x2.add
      (v128.const f64x2 2.857142874366239149e-01 2.857142874366239149e-01)
      (f64x2.mul (local.get $w) (local.get $odd))))
    (local.set $odd (f64x2.add
      (v128.const f64x2 6.666666666666735130e-01 6.666666666666735130e-01)
      (f64x2.mul (local.get $w) (local.get $odd))))
    (local.set $r (v128.const f64x2 1.531383769920937332e-01 1.531383769920937332e-01))
    (local.set $r (f64x2.add
      (v128.const f64x2 2.222219843214978396e-01 2.222219843214978396e-01)
      (f64x2.mul (local.get $w) (local.get $r))))
    (local.set $r (f64x2.add
      (v128.const f64x2 3.999999999940941908e-01 3.999999999940941908e-01)
      (f64x2.mul (local.get $w) (local.get $r))))
    (local.set $r (f64x2.add
      (f64x2.mul (local.get $z) (local.get $odd))
      (f64x2.mul (local.get $w) (local.get $r))))
    (local.set $half (f64x2.mul (v128.const f64x2 0.5 0.5) (f64x2.mul (local.get $f) (local.get $f))))
    ;; k log 2 − (what rounding took of it and of log (1 + f), in the form that suits f) + f.
    (f64x2.sub
      (f64x2.mul (local.get $k) (v128.const f64x2 6.93147180369123816490e-01 6.93147180369123816490e-01))
      (f64x2.sub (v128.bitselect
        (f64x2.sub (local.get $half) (f64x2.add
          (f64x2.mul (local.get $s) (f64x2.add (local.get $half) (local.get $r)))
          (f64x2.mul (local.get $k) (v128.const f64x2 1.90821492927058770002e-10 1.90821492927058770002e-10))))
        (f64x2.sub
          (f64x2.mul (local.get $s) (f64x2.sub (local.get $f) (local.get $r)))
          (f64x2.mul (local.get $k) (v128.const f64x2 1.90821492927058770002e-10 1.90821492927058770002e-10)))
        (v128.and
          (i64x2.ge_s (local.get $m) (v128.const i64x2 0x0006147a00000000 0x0006147a00000000))
          (i64x2.le_s (local.get $m) (v128.const i64x2 0x0006b851ffffffff 0x0006b851ffffffff))))
      (local.get $f))))

  ;; cos x: x = n π/2 + r + t with |r| ≤ π/4, t what rounding took of r; then cos or sin of r, or minus it.
  (func $cos (param $x v128) (result v128)
    (local $n v128) (local $r v128) (local $w v128) (local $t v128) (local $z v128)
    (local $size v128) (local $quarter v128) (local $p v128) (local $cos v128) (local $v v128)
    (local.set $n (v128.and
      (f64x2.ge (local.get $x) (v128.const i64x2 0x3fe921fc00000000 0x3fe921fc00000000))
      (f64x2.floor (f64x2.add
        (f64x2.mul (local.get $x) (v128.const f64x2 6.36619772367581382433e-01 6.36619772367581382433e-01))
        (v128.const f64x2 0.5 0.5)))))
    (local.set $z (f64x2.sub (local.get $x)
      (f64x2.mul (local.get $n) (v128.const f64x2 1.57079632673412561417e+00 1.57079632673412561417e+00))))
    (local.set $w (f64x2.mul (local.get $n) (v128.const f64x2 6.07710050650619224932e-11 6.07710050650619224932e-11)))
    (local.set $r (f64x2.sub (local.get $z) (local.get $w)))
    (local.set $t (f64x2.sub (f64x2.sub (local.get $z) (local.get $r)) (local.get $w)))
    (local.set $z (f64x2.mul (local.get $r) (local.get $r)))
    ;; 1 − z/2 + …, from 1 − about |r|/4, which is exact.
    (local.set $p (v128.const f64x2 -1.13596475577881948265e-11 -1.13596475577881948265e-11))
    (local.set $p (f64x2.add
      (v128.const f64x2 2.08757232129817482790e-09 2.08757232129817482790e-09)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 -2.75573143513906633035e-07 -2.75573143513906633035e-07)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 2.48015872894767294178e-05 2.48015872894767294178e-05)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 -1.38888888888741095749e-03 -1.38888888888741095749e-03)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 4.16666666666666019037e-02 4.16666666666666019037e-02)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $size (v128.and (local.get $r) (v128.const i64x2 0x7fffffff00000000 0x7fffffff00000000)))
    (local.set $quarter (v128.and
      (i64x2.ge_s (local.get $size) (v128.const i64x2 0x3fd3333300000000 0x3fd3333300000000))
      (v128.bitselect
        (v128.const f64x2 0.28125 0.28125)
        (i64x2.sub (local.get $size) (v128.const i64x2 0x0020000000000000 0x0020000000000000))
        (i64x2.gt_s (local.get $size) (v128.const i64x2 0x3fe90000ffffffff 0x3fe90000ffffffff)))))
    (local.set $cos (f64x2.sub (f64x2.sub (v128.const f64x2 1 1) (local.get $quarter)) (f64x2.sub
      (f64x2.sub (f64x2.mul (v128.const f64x2 0.5 0.5) (local.get $z)) (local.get $quarter))
      (f64x2.sub
        (f64x2.mul (local.get $z) (f64x2.mul (local.get $z) (local.get $p)))
        (f64x2.mul (local.get $r) (local.get $t))))))
    ;; r − r³/6 + …
    (local.set $v (f64x2.mul (local.get $z) (local.get $r)))
    (local.set $p (v128.const f64x2 1.58969099521155010221e-10 1.58969099521155010221e-10))
    (local.set $p (f64x2.add
      (v128.const f64x2 -2.50507602534068634195e-08 -2.50507602534068634195e-08)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 2.75573137070700676789e-06 2.75573137070700676789e-06)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 -1.98412698298579493134e-04 -1.98412698298579493134e-04)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.add
      (v128.const f64x2 8.33333333332248946124e-03 8.33333333332248946124e-03)
      (f64x2.mul (local.get $z) (local.get $p))))
    (local.set $p (f64x2.sub (local.get $r) (f64x2.sub
      (f64x2.sub
        (f64x2.mul (local.get $z) (f64x2.sub
          (f64x2.mul (v128.const f64x2 0.5 0.5) (local.get $t))
          (f64x2.mul (local.get $v) (local.get $p))))
        (local.get $t))
      (f64x2.mul (local.get $v) (v128.const f64x2 -1.66666666666666324348e-01 -1.66666666666666324348e-01)))))
    ;; n = 0 … 4: cos, −sin, −cos, sin, cos.
    (local.set $w (f64x2.eq (local.get $n) (v128.const f64x2 1 1)))
    (v128.xor
      (v128.bitselect (local.get $p) (local.get $cos) (v128.or (local.get $w) (f64x2.eq (local.get $n) (v128.const f64x2 3 3))))
      (v128.and
        (v128.const i64x2 0x8000000000000000 0x8000000000000000)
        (v128.or (local.get $w) (f64x2.eq (local.get $n) (v128.const f64x2 2 2))))))

  ;; deviation × √(−2 log u) cos 2πv (Box-Muller), u = (first + 1) / 2³², v = second / 2³².
  (func (export "normals") (param $count i32) (param $deviation f64)
    (local $at i32)
    (loop $next
      (v128.store64_lane 0 (local.get $at) (f32x4.demote_f64x2_zero (f64x2.mul
        (f64x2.splat (local.get $deviation))
        (f64x2.mul
          (f64x2.sqrt (f64x2.mul (v128.const f64x2 -2 -2) (call $log (f64x2.mul (v128.const f64x2 0x1p-32 0x1p-32) (f64x2.add
            (f64x2.convert_low_i32x4_u (v128.load64_zero (local.get $at)))
            (v128.const f64x2 1 1))))))
          (call $cos (f64x2.mul (v128.const f64x2 0x1p-32 0x1p-32) (f64x2.mul
            (v128.const f64x2 6.283185307179586 6.283185307179586)
            (f64x2.convert_low_i32x4_u (v128.load64_zero offset=32768 (local.get $at))))))))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.shl (local.get $count) (i32.const 2))))))

  ;; bound × (2u − 1), u of 27 bits of the first word and 26 of the second.
  (func (export "uniforms") (param $count i32) (param $bound f64)
    (local $at i32)
    (loop $next
      (v128.store64_lane 0 (local.get $at) (f32x4.demote_f64x2_zero (f64x2.mul
        (f64x2.splat (local.get $bound))
        (f64x2.sub
          (f64x2.mul (v128.const f64x2 0x1p-52 0x1p-52) (f64x2.add
            (f64x2.mul (v128.const f64x2 0x1p26 0x1p26) (f64x2.convert_low_i32x4_u
              (i32x4.shr_u (v128.load64_zero (local.get $at)) (i32.const 5))))
            (f64x2.convert_low_i32x4_u
              (i32x4.shr_u (v128.load64_zero offset=32768 (local.get $at)) (i32.const 6)))))
          (v128.const f64x2 1 1)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.shl (local.get $count) (i32.const 2)))))))
