/**
 * Tells the oldest key of a map, which the caller then removes. It goes on where it ended the last
 * time: the runtime finds the first key only behind the places of all that were removed, which
 * takes long in a large map.
 */
export function oldestKeyOf<Key>(map: ReadonlyMap<Key, unknown>): () => Key | undefined {
  let keys = map.keys()
  return () => {
    const found = keys.next()
    if (!found.done) return found.value
    keys = map.keys()
    return keys.next().value
  }
}
