import fc from 'fast-check'
import { ScimError } from '../../lib/errors.js'
import { evaluate } from '../../lib/filter/evaluate.js'
import { parseFilter, parsePatchPath } from '../../lib/filter/parse.js'
import { printFilter } from '../../lib/filter/print.js'
import { filterTexts, parsedFilters, resources } from './arbitraries.js'
import { allDeviations, resolve, resourceType, withoutPositions } from './support.js'

const types = ['User', 'Group', 'Device'].map((name) => ({ name, type: resourceType(name) }))

/** Text that looks like a filter now and then. */
const nearFilters = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          'userName',
          'emails',
          'type',
          'name.',
          '.value',
          '$ref',
          'urn:',
          'constructor',
          '__proto__',
          'password',
        ],
        ...[
          ' eq ',
          ' pr',
          ' co ',
          ' NE ',
          ' gt',
          ' and ',
          ' or ',
          'not',
          'not (',
          '(',
          ')',
          '[',
          ']',
          ' ',
        ],
        ...[
          '"x"',
          '"',
          '\\',
          '\\u12',
          '\\ud83d',
          '1',
          '-',
          '1e9',
          'true',
          'True',
          'null',
          '\0',
          '😀',
          '\ud800',
        ],
      ),
      fc.string({ maxLength: 3, unit: 'binary' }),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''))

/** Runs something on a client's text; whatever is refused is refused with a 400. */
function refusesOnlyWith400(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (error instanceof ScimError && error.status === 400) return true
    throw error
  }
}

describe('for every filter', () => {
  it('parsing what was printed gives the same tree', () => {
    fc.assert(
      fc.property(parsedFilters, (filter) => {
        const text = printFilter(filter)
        expect(withoutPositions(parseFilter(text))).toEqual(withoutPositions(filter))
      }),
    )
  })

  it.each(types)(
    'on $name, what resolved, printed and read again resolves to the same',
    ({ name, type }) => {
      fc.assert(
        fc.property(filterTexts(type), (text) => {
          const resolved = resolve(text, name)
          expect(resolve(printFilter(resolved), name)).toEqual(resolved)
        }),
      )
    },
  )

  it.each(types)('on $name, not finds exactly the others (R-FILTER-11)', ({ name, type }) => {
    fc.assert(
      fc.property(filterTexts(type), resources(type), (text, resource) => {
        const opposite = evaluate(resolve(`not (${text})`, name), resource)
        expect(opposite).toBe(!evaluate(resolve(text, name), resource))
      }),
    )
  })

  it.each(types)('on $name, and and or are those of logic (R-FILTER-11)', ({ name, type }) => {
    fc.assert(
      fc.property(filterTexts(type), filterTexts(type), resources(type), (a, b, resource) => {
        const [first, second] = [a, b].map((text) => evaluate(resolve(text, name), resource))
        expect(evaluate(resolve(`(${a}) and (${b})`, name), resource)).toBe(first && second)
        expect(evaluate(resolve(`(${a}) or (${b})`, name), resource)).toBe(first || second)
      }),
    )
  })

  it.each(types)(
    'on $name, names and operators mean the same in any case (R-FILTER-14)',
    ({ name, type }) => {
      const capitals = (text: string) =>
        text.replace(/"(?:[^"\\]|\\.)*"|null|true|false|[^"]/g, (part) =>
          part.length > 1 ? part : part.toUpperCase(),
        )
      fc.assert(
        fc.property(filterTexts(type), (text) => {
          expect(resolve(capitals(text), name)).toEqual(resolve(text, name))
        }),
      )
    },
  )

  it.each(types)(
    'on $name, nothing of a resource is inherited or changed (S-INP-02)',
    ({ name, type }) => {
      fc.assert(
        fc.property(filterTexts(type), resources(type), (text, resource) => {
          const frozen = deepFreeze(structuredClone(resource))
          const filter = resolve(text, name)
          expect(evaluate(filter, frozen)).toBe(evaluate(filter, resource))
          const heir = Object.create(resource) as typeof resource
          expect(evaluate(filter, heir)).toBe(evaluate(filter, {}))
        }),
      )
    },
  )
})

describe('for every text', () => {
  it.each(types)(
    'a filter on $name is parsed or refused with 400 (S-DOS-03, R-FILTER-36)',
    ({ name }) => {
      const text = fc.oneof(fc.string({ unit: 'binary' }), nearFilters)
      fc.assert(
        fc.property(text, (filter) => refusesOnlyWith400(() => resolve(filter, name))),
        { numRuns: 2000 },
      )
    },
  )

  it('a PATCH path is parsed or refused with 400', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), nearFilters)
    fc.assert(
      fc.property(text, (path) =>
        refusesOnlyWith400(() => parsePatchPath(path, { deviations: allDeviations })),
      ),
      { numRuns: 2000 },
    )
  })

  it('a name never reaches a member that JavaScript objects inherit (S-INP-01, S-INP-02)', () => {
    const inherited = [
      Object.prototype,
      Array.prototype,
      Function.prototype,
      String.prototype,
      Map.prototype,
    ]
      .flatMap((prototype) => Object.getOwnPropertyNames(prototype))
      .filter((name) => resourceType('User').attributes.get(name.toLowerCase())?.name !== name)
    for (const name of inherited) {
      for (const text of [name, `${name}.${name}`, `name.${name}`, `emails.${name}`]) {
        expect(() => resolve(`${text} pr`)).toThrow(ScimError)
      }
      expect(() => resolve(`emails[${name} pr]`)).toThrow(ScimError)
    }
  })
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
