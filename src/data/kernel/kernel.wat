;; What every pixel goes through, by vectors; resample.ts and normalize.ts lay out the memory.
;;
;; resample: interleaved RGB bytes into planes. Rows are blended into a line of floats, 16 bytes at a
;; time, and the line into pixels. A span says what a row is made of, in three words: where the first of
;; the source's lies; where its weights begin; where they end. Pixels are all made of $taps samples, the
;; first at its place in the line; four by four, their first weights come first, then their second.
;;
;; normalize: bytes into floats, byte × scale + shift in doubles, rounded once.

(module
  (memory (export "memory") 1)

  ;; Weighted sum of rows of bytes, the first at $from, as floats at $line.
  (func $blend
    (param $from i32) (param $stride i32) (param $weights i32) (param $end i32)
    (param $line i32) (param $bytes i32)
    (local $done i32) (local $at i32) (local $weight i32)
    (local $w v128) (local $row v128) (local $half v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $columns
      (local.set $a (v128.const f32x4 0 0 0 0))
      (local.set $b (v128.const f32x4 0 0 0 0))
      (local.set $c (v128.const f32x4 0 0 0 0))
      (local.set $d (v128.const f32x4 0 0 0 0))
      (local.set $at (i32.add (local.get $from) (local.get $done)))
      (local.set $weight (local.get $weights))
      (loop $taps
        (local.set $w (v128.load32_splat (local.get $weight)))
        (local.set $row (v128.load (local.get $at)))
        (local.set $half (i16x8.extend_low_i8x16_u (local.get $row)))
        (local.set $a (f32x4.add (local.get $a) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $half))))))
        (local.set $b (f32x4.add (local.get $b) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $half))))))
        (local.set $half (i16x8.extend_high_i8x16_u (local.get $row)))
        (local.set $c (f32x4.add (local.get $c) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $half))))))
        (local.set $d (f32x4.add (local.get $d) (f32x4.mul (local.get $w)
          (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $half))))))
        (local.set $at (i32.add (local.get $at) (local.get $stride)))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (br_if $taps (i32.lt_u (local.get $weight) (local.get $end))))
      (local.set $at (i32.add (local.get $line) (i32.shl (local.get $done) (i32.const 2))))
      (v128.store (local.get $at) (local.get $a))
      (v128.store offset=16 (local.get $at) (local.get $b))
      (v128.store offset=32 (local.get $at) (local.get $c))
      (v128.store offset=48 (local.get $at) (local.get $d))
      (local.set $done (i32.add (local.get $done) (i32.const 16)))
      (br_if $columns (i32.lt_u (local.get $done) (local.get $bytes)))))

  ;; One row of pixels at $to, and in the planes after it, from the line: four at a time, then one.
  (func $squeeze
    (param $line i32) (param $places i32) (param $weights i32) (param $taps i32)
    (param $to i32) (param $width i32) (param $plane i32)
    (local $last i32) (local $whole i32) (local $weight i32) (local $end i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local $p v128) (local $q v128) (local $r v128) (local $s v128)
    (local.set $taps (i32.shl (local.get $taps) (i32.const 4)))
    (local.set $last (i32.add (local.get $to) (local.get $width)))
    (local.set $whole (i32.add (local.get $to) (i32.and (local.get $width) (i32.const -4))))
    (block $done
      (loop $fours
        (br_if $done (i32.ge_u (local.get $to) (local.get $whole)))
        (local.set $a (i32.add (local.get $line) (i32.load (local.get $places))))
        (local.set $b (i32.add (local.get $line) (i32.load offset=4 (local.get $places))))
        (local.set $c (i32.add (local.get $line) (i32.load offset=8 (local.get $places))))
        (local.set $d (i32.add (local.get $line) (i32.load offset=12 (local.get $places))))
        (local.set $p (v128.const f32x4 0 0 0 0))
        (local.set $q (v128.const f32x4 0 0 0 0))
        (local.set $r (v128.const f32x4 0 0 0 0))
        (local.set $s (v128.const f32x4 0 0 0 0))
        (local.set $end (i32.add (local.get $weights) (local.get $taps)))
        (loop $each
          (local.set $p (f32x4.add (local.get $p)
            (f32x4.mul (v128.load32_splat (local.get $weights)) (v128.load (local.get $a)))))
          (local.set $q (f32x4.add (local.get $q)
            (f32x4.mul (v128.load32_splat offset=4 (local.get $weights)) (v128.load (local.get $b)))))
          (local.set $r (f32x4.add (local.get $r)
            (f32x4.mul (v128.load32_splat offset=8 (local.get $weights)) (v128.load (local.get $c)))))
          (local.set $s (f32x4.add (local.get $s)
            (f32x4.mul (v128.load32_splat offset=12 (local.get $weights)) (v128.load (local.get $d)))))
          (local.set $a (i32.add (local.get $a) (i32.const 12)))
          (local.set $b (i32.add (local.get $b) (i32.const 12)))
          (local.set $c (i32.add (local.get $c) (i32.const 12)))
          (local.set $d (i32.add (local.get $d) (i32.const 12)))
          (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
          (br_if $each (i32.lt_u (local.get $weights) (local.get $end))))
        ;; Four RGBx of words as bytes, and from those four R, four G and four B.
        (local.set $p
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_s
              (i32x4.trunc_sat_f32x4_s (f32x4.nearest (local.get $p)))
              (i32x4.trunc_sat_f32x4_s (f32x4.nearest (local.get $q))))
            (i16x8.narrow_i32x4_s
              (i32x4.trunc_sat_f32x4_s (f32x4.nearest (local.get $r)))
              (i32x4.trunc_sat_f32x4_s (f32x4.nearest (local.get $s))))))
        (local.set $p
          (i8x16.shuffle 0 4 8 12 1 5 9 13 2 6 10 14 3 7 11 15 (local.get $p) (local.get $p)))
        (v128.store32_lane 0 (local.get $to) (local.get $p))
        (local.set $a (i32.add (local.get $to) (local.get $plane)))
        (v128.store32_lane 1 (local.get $a) (local.get $p))
        (v128.store32_lane 2 (i32.add (local.get $a) (local.get $plane)) (local.get $p))
        (local.set $places (i32.add (local.get $places) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (br $fours)))
    (block $all
      (loop $ones
        (br_if $all (i32.ge_u (local.get $to) (local.get $last)))
        (local.set $a (i32.add (local.get $line) (i32.load (local.get $places))))
        (local.set $p (v128.const f32x4 0 0 0 0))
        (local.set $weight (local.get $weights))
        (local.set $end (i32.add (local.get $weights) (local.get $taps)))
        (loop $each
          (local.set $p (f32x4.add (local.get $p)
            (f32x4.mul (v128.load32_splat (local.get $weight)) (v128.load (local.get $a)))))
          (local.set $a (i32.add (local.get $a) (i32.const 12)))
          (local.set $weight (i32.add (local.get $weight) (i32.const 16)))
          (br_if $each (i32.lt_u (local.get $weight) (local.get $end))))
        (local.set $p (i32x4.trunc_sat_f32x4_s (f32x4.nearest (local.get $p))))
        (i32.store8 (local.get $to) (i32x4.extract_lane 0 (local.get $p)))
        (local.set $a (i32.add (local.get $to) (local.get $plane)))
        (i32.store8 (local.get $a) (i32x4.extract_lane 1 (local.get $p)))
        (i32.store8 (i32.add (local.get $a) (local.get $plane)) (i32x4.extract_lane 2 (local.get $p)))
        (local.set $weights (i32.add (local.get $weights) (i32.const 4)))
        (local.set $places (i32.add (local.get $places) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (br $ones))))

  ;; $bytes of each row of the source matter; $rows are the spans of the result's.
  (func (export "resample")
    (param $source i32) (param $stride i32) (param $bytes i32) (param $rows i32)
    (param $places i32) (param $weights i32) (param $taps i32)
    (param $height i32) (param $width i32) (param $line i32) (param $to i32)
    (local $left i32) (local $plane i32)
    (local.set $left (local.get $height))
    (local.set $plane (i32.mul (local.get $height) (local.get $width)))
    (loop $each
      (call $blend
        (i32.add (local.get $source) (i32.load (local.get $rows))) (local.get $stride)
        (i32.load offset=4 (local.get $rows)) (i32.load offset=8 (local.get $rows))
        (local.get $line) (local.get $bytes))
      (call $squeeze
        (local.get $line) (local.get $places) (local.get $weights) (local.get $taps)
        (local.get $to) (local.get $width) (local.get $plane))
      (local.set $rows (i32.add (local.get $rows) (i32.const 12)))
      (local.set $to (i32.add (local.get $to) (local.get $width)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $each (local.get $left))))

  ;; $count bytes from $from on, or back from there where $mirrored.
  (func (export "normalize")
    (param $from i32) (param $to i32) (param $count i32) (param $mirrored i32)
    (param $scale f64) (param $shift f64)
    (local $step i32) (local $end i32) (local $whole i32)
    (local $four v128) (local $scales v128) (local $shifts v128)
    (local.set $scales (f64x2.splat (local.get $scale)))
    (local.set $shifts (f64x2.splat (local.get $shift)))
    (local.set $step (select (i32.const -1) (i32.const 1) (local.get $mirrored)))
    (local.set $end (i32.add (local.get $to) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $whole
      (i32.add (local.get $to) (i32.shl (i32.and (local.get $count) (i32.const -4)) (i32.const 2))))
    (block $done
      (loop $fours
        (br_if $done (i32.ge_u (local.get $to) (local.get $whole)))
        (if (local.get $mirrored)
          (then
            (local.set $four (v128.load32_zero (i32.sub (local.get $from) (i32.const 3))))
            (local.set $four (i8x16.shuffle 3 2 1 0 4 5 6 7 8 9 10 11 12 13 14 15
              (local.get $four) (local.get $four))))
          (else (local.set $four (v128.load32_zero (local.get $from)))))
        (local.set $four (i32x4.extend_low_i16x8_u (i16x8.extend_low_i8x16_u (local.get $four))))
        (v128.store (local.get $to)
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
            (f32x4.demote_f64x2_zero (f64x2.add (local.get $shifts)
              (f64x2.mul (local.get $scales) (f64x2.convert_low_i32x4_s (local.get $four)))))
            (f32x4.demote_f64x2_zero (f64x2.add (local.get $shifts)
              (f64x2.mul (local.get $scales) (f64x2.convert_low_i32x4_s
                (i8x16.shuffle 8 9 10 11 12 13 14 15 0 0 0 0 0 0 0 0
                  (local.get $four) (local.get $four))))))))
        (local.set $from (i32.add (local.get $from) (i32.shl (local.get $step) (i32.const 2))))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $fours)))
    (block $all
      (loop $ones
        (br_if $all (i32.ge_u (local.get $to) (local.get $end)))
        (f32.store (local.get $to)
          (f32.demote_f64 (f64.add (local.get $shift) (f64.mul (local.get $scale)
            (f64.convert_i32_u (i32.load8_u (local.get $from)))))))
        (local.set $from (i32.add (local.get $from) (local.get $step)))
        (local.set $to (i32.add (local.get $to) (i32.const 4)))
        (br $ones)))))
