/** Arrays that MPI may keep the address of. */

/**
 * The same array, off V8's heap: small ones lie on it and are moved, until somebody asks for their
 * buffer. MPI would write to where they were.
 */
export const pinned = <View extends ArrayBufferView>(view: View): View => {
  void view.buffer
  return view
}
