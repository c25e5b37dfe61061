/** Resources that a recording knows, by the names under which their answers are saved. */
export interface KnownResources {
  /** `user1` for the id of a user. */
  nameOf(id: string): string | undefined
  /** Gives a resource a name. */
  add(id: string, resourceType: string): string
  /**
   * Replaces the ids of known resources in a text by placeholders of saved values, also within
   * URLs.
   */
  withPlaces(text: string, baseUrl: string): string | undefined
}

/** Makes an empty collection. */
export function createKnownResources(): KnownResources {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  return {
    nameOf: (id) => names.get(id),
    add(id, resourceType) {
      const kind = resourceType.replace(/[^a-zA-Z]/g, '').toLowerCase() || 'resource'
      const number = (counts.get(kind) ?? 0) + 1
      const name = `${kind}${number}`
      counts.set(kind, number)
      names.set(id, name)
      return name
    },
    withPlaces(text, baseUrl) {
      const name = names.get(text)
      if (name !== undefined) return placeOf(name)
      const known = names.get(text.slice(text.lastIndexOf('/') + 1))
      if (known === undefined) return undefined
      const endpoint = /([A-Za-z]+)\/[^/]*$/.exec(text)?.[1] ?? ''
      return `${text.startsWith(`${baseUrl}/`) ? placeOfBaseUrl : ''}/${endpoint}/${placeOf(known)}`
    },
  }
}

const placeOfBaseUrl = placeFor('baseUrl')

/** The placeholder for the id of a saved resource. */
export function placeOf(name: string): string {
  return placeFor(`${name}.id`)
}

function placeFor(name: string): string {
  return `\${${name}}`
}
