/** Adds a value to the set with this name. */
export function addTo(map: Map<string, Set<string>>, name: string, value: string): void {
  const values = map.get(name)
  if (values) values.add(value)
  else map.set(name, new Set([value]))
}

/** Removes a value, and a set that is empty then. Returns whether the value was there. */
export function removeFrom(map: Map<string, Set<string>>, name: string, value: string): boolean {
  const values = map.get(name)
  const wasThere = values?.delete(value) ?? false
  if (values?.size === 0) map.delete(name)
  return wasThere
}
