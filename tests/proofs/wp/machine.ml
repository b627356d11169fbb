(* A PC whose char is unsigned, as it is on ARM: to WP memory of char and of uint8_t is then one thing. *)
let () = File.new_machdep "unsigned_char" { Machdeps.x86_64 with Cil_types.char_is_unsigned = true }
