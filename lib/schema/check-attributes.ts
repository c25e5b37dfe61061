import type { Flaw } from './schema-shape.js'
import type { AttributeInput, AttributeType, Mutability, Returned } from './types.js'

/** RFC 7643 §2.1; `$ref` is the one name outside of it (erratum 8924). */
const attributeName = /^[A-Za-z][A-Za-z0-9$_-]*$/

/**
 * Types whose values have a case, and types whose values can be unique (RFC 7643 §2.3, erratum
 * 6004).
 */
const withCase: ReadonlySet<AttributeType> = new Set(['string', 'reference', 'binary'])
const withUniqueness: ReadonlySet<AttributeType> = new Set([
  'string',
  'decimal',
  'integer',
  'reference',
])
/** The types of the sub-attributes of RFC 7643 §2.4. */
const typesOfSubAttributes: ReadonlyMap<string, AttributeType> = new Map([
  ['primary', 'boolean'],
  ['$ref', 'reference'],
  ['type', 'string'],
  ['display', 'string'],
])

interface Facts {
  readonly input: AttributeInput
  readonly type: AttributeType
  readonly mutability: Mutability
  readonly returned: Returned
  readonly isSub: boolean
}

/** Contradictions between the characteristics of an attribute, each with the fix. */
const contradictions: readonly {
  readonly found: (facts: Facts) => boolean
  readonly problem: string
}[] = [
  {
    found: ({ type, input }) => type === 'complex' && !input.subAttributes?.length,
    problem: 'is complex and has no subAttributes; list them, or choose another type',
  },
  {
    found: ({ type, input }) => type !== 'complex' && (input.subAttributes?.length ?? 0) > 0,
    problem: 'has subAttributes and is not complex; set "type": "complex"',
  },
  {
    found: ({ type, isSub }) => isSub && type === 'complex',
    problem: 'is complex within a complex attribute; sub-attributes are simple',
  },
  {
    found: ({ type, input }) =>
      (input.uniqueness ?? 'none') !== 'none' && !withUniqueness.has(type),
    problem: 'is unique, which values of its type cannot be; leave "uniqueness" out',
  },
  {
    found: ({ type, input }) => input.caseExact === true && !withCase.has(type),
    problem: 'is caseExact, but values of its type have no case; leave "caseExact" out',
  },
  {
    found: ({ type, input }) => input.referenceTypes !== undefined && type !== 'reference',
    problem: 'has referenceTypes and is no reference; set "type": "reference"',
  },
  {
    found: ({ type, input }) => input.canonicalValues !== undefined && type !== 'string',
    problem: 'has canonicalValues and is no string; leave them out',
  },
  {
    found: ({ mutability, returned }) => mutability === 'writeOnly' && returned !== 'never',
    problem: 'is writeOnly and returned; set "returned": "never"',
  },
  {
    found: ({ mutability, returned }) => mutability === 'readOnly' && returned === 'never',
    problem: 'is readOnly and never returned, so nobody could use it',
  },
  {
    found: ({ mutability, input }) => mutability === 'readOnly' && input.required === true,
    problem: 'is required and readOnly, so nobody could give it; leave one of them out',
  },
  {
    found: ({ returned, input }) => returned === 'never' && input.required === true,
    problem:
      'is required and never returned, so a change could not be checked; leave "required" out',
  },
  {
    found: ({ returned, isSub }) => returned === 'never' && isSub,
    problem: 'is never returned; set "returned": "never" on the attribute it belongs to',
  },
  {
    found: ({ type, input, isSub }) =>
      isSub && (typesOfSubAttributes.get(input.name) ?? type) !== type,
    problem: 'has another type than in RFC 7643 §2.4; choose that type or another name',
  },
]

/**
 * The first contradiction in attribute definitions: invalid or duplicate names, or characteristics
 * that exclude each other. `undefined` if there is none.
 *
 * @param path where the definitions are, e.g. `schemas[0].attributes`
 */
export function contradictionIn(
  attributes: readonly AttributeInput[],
  path: string,
  isSub = false,
): Flaw | undefined {
  const names = new Set<string>()
  for (const [index, attribute] of attributes.entries()) {
    const place = `${path}[${index}] ("${attribute.name}")`
    const problem = nameProblem(attribute.name, names, isSub) ?? contradiction(attribute, isSub)
    if (problem !== undefined) return { path: place, problem }
    const below = contradictionIn(
      attribute.subAttributes ?? [],
      `${path}[${index}].subAttributes`,
      true,
    )
    if (below) return below
  }
  return undefined
}

function nameProblem(name: string, names: Set<string>, isSub: boolean): string | undefined {
  const lower = name.toLowerCase()
  if (!attributeName.test(name) && !(isSub && name === '$ref')) {
    return 'is no attribute name: a letter, then letters, digits, "_", "-" and "$"'
  }
  if (inheritedNames.has(lower)) {
    return 'has a name that every JavaScript object has; choose another'
  }
  if (names.has(lower)) return 'has the name of another attribute, case aside; choose another'
  names.add(lower)
  return undefined
}

/** In lower case. */
const inheritedNames: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(Object.prototype).map((name) => name.toLowerCase()),
)

function contradiction(input: AttributeInput, isSub: boolean): string | undefined {
  const { type = 'string', mutability = 'readWrite' } = input
  const returned = input.returned ?? (mutability === 'writeOnly' ? 'never' : 'default')
  const facts: Facts = { input, type, mutability, returned, isSub }
  return contradictions.find(({ found }) => found(facts))?.problem
}
