import type { Adapters } from '../../lib/stores/index.js'
import { groupUrn, type ServiceProvider, searchUrn, serve, userUrn } from './server.js'

export const listUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/** Seven people in no order. */
export async function seven(scim: ServiceProvider) {
  for (const name of ['g', 'c', 'a', 'f', 'b', 'e', 'd']) {
    await scim.user(`${name}@acme.example`, name === 'c' ? {} : { title: name.toUpperCase() })
  }
}

export const namesOf = (body: { Resources: { userName?: string; displayName?: string }[] }) =>
  body.Resources.map(({ userName, displayName }) => userName?.[0] ?? displayName)

export const filtered = (filter: string) => `filter=${encodeURIComponent(filter)}`

const tagsUrn = 'urn:example:params:scim:schemas:extension:Tags'
const tagsSchema = {
  id: tagsUrn,
  name: 'Tags',
  attributes: [
    { name: 'tags', multiValued: true },
    { name: 'codes', multiValued: true, caseExact: true },
    { name: 'levels', multiValued: true, type: 'integer' as const },
    { name: 'hired', type: 'dateTime' as const },
  ],
}

/** Conditions on simple values, in the brackets of `tags` and `levels`, as functions. */
const simpleConditions: Readonly<Record<string, (value: string) => boolean>> = {
  'tags[value eq "A"]': (tag) => tag.toLowerCase() === 'a',
  'tags[VALUE ne "a"]': (tag) => tag.toLowerCase() !== 'a',
  'tags[not (value eq "a")]': (tag) => tag.toLowerCase() !== 'a',
  'tags[not (value ne "a")]': (tag) => tag.toLowerCase() === 'a',
  'tags[value co "b"]': (tag) => tag.toLowerCase().includes('b'),
  'tags[value sw "a" or value ew "c"]': (tag) => /^a|c$/i.test(tag),
  'tags[not (value gt "a" and value lt "c")]': (tag) => tag <= 'a' || tag >= 'c',
  'tags[not (value le "ab")]': (tag) => tag > 'ab',
  'tags[value pr]': () => true,
  'tags[value ne null]': () => true,
  'tags[value eq null]': () => false,
  'tags[not (value pr)]': () => false,
  'codes[value eq "A"]': (code) => code === 'A',
  'levels[value gt 2]': (level) => Number(level) > 2,
  'levels[not (value gt 2)]': (level) => Number(level) <= 2,
}

/** Queries whose answers do not depend on what a store can. */
export function querySuite(make: () => Adapters | Promise<Adapters>): void {
  it('answers a list with integers, in order of creation (R-QUERY-01, R-QUERY-03, R-QUERY-12, R-PAGE-07)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    const { status, body } = await scim.get('/Users?startIndex=2&count=3')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      schemas: [listUrn],
      totalResults: 7,
      startIndex: 2,
      itemsPerPage: 3,
    })
    expect(namesOf(body)).toEqual(['c', 'a', 'f'])
    expect(body.Resources[0]).toMatchObject({ schemas: [userUrn], id: expect.any(String) })
  })

  it('finds people by simple values in brackets, as a PATCH path does', async () => {
    const options = { schemas: [tagsSchema], userExtensions: [{ schema: tagsUrn }] }
    const scim = await serve(await make(), options)
    const lists = [[], ['a'], ['b'], ['a', 'b'], ['ab', 'bc'], ['c', 'abc']]
    for (const [index, tags] of lists.entries()) {
      const levels = tags.map((tag) => tag.length)
      const values = { tags, codes: tags.map((tag) => tag.toUpperCase()), levels }
      await scim.user(`${index}`, { schemas: [userUrn, tagsUrn], [tagsUrn]: values })
    }
    const { Resources: people } = (await scim.get('/Users')).body
    for (const [condition, test] of Object.entries(simpleConditions)) {
      const name = condition.replace(/\[.*/, '')
      for (const not of [false, true]) {
        const text = not ? `not (${tagsUrn}:${condition})` : `${tagsUrn}:${condition}`
        const { status, body } = await scim.get(`/Users?${filtered(text)}`)
        const expected = people.filter(
          (person: Record<string, Record<string, string[]>>) =>
            (person[tagsUrn]?.[name] ?? []).some(test) !== not,
        )
        expect([condition, status, namesOf(body)]).toEqual([
          condition,
          200,
          namesOf({ Resources: expected }),
        ])
      }
    }
    for (const condition of [
      ...['tags[value sw "a" and value ew "b"]', 'tags[not (value co "a")]', 'tags[value gt null]'],
      ...['tags[not (value eq "a" or value eq "b")]', 'tags[name eq "a"]', 'levels[value co "1"]'],
    ]) {
      const { status, body } = await scim.get(`/Users?${filtered(`${tagsUrn}:${condition}`)}`)
      expect([condition, status, body.scimType]).toEqual([condition, 400, 'invalidFilter'])
    }
  })

  it('compares a dateTime to the millisecond', async () => {
    const options = { schemas: [tagsSchema], userExtensions: [{ schema: tagsUrn }] }
    const scim = await serve(await make(), options)
    const hired = '2026-01-01T00:00:00.00011Z'
    await scim.user('ines', { schemas: [userUrn, tagsUrn], [tagsUrn]: { hired } })
    const found = async (condition: string) => {
      const { body } = await scim.get(`/Users?${filtered(`${tagsUrn}:hired ${condition}`)}`)
      return body.Resources.map(
        (person: Record<string, { hired: string }>) => person[tagsUrn]?.hired,
      )
    }
    const alike = '"2026-01-01T00:00:00.0001Z"'
    for (const operator of ['eq', 'ge', 'le']) {
      expect(await found(`${operator} ${alike}`)).toEqual([hired])
    }
    for (const operator of ['ne', 'gt', 'lt']) {
      expect(await found(`${operator} ${alike}`)).toEqual([])
    }
    expect(await found('lt "2026-01-01T00:00:00.001Z"')).toEqual([hired])
  })

  it('answers an empty list when nothing matches (R-QUERY-02, R-QUERY-04)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    const { status, body } = await scim.get(`/Users?${filtered('userName eq "nobody"')}`)
    expect(status).toBe(200)
    expect(body).toEqual({
      schemas: [listUrn],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    })
  })

  it('counts once for all pages by cursor (D12)', async () => {
    const adapters = await make()
    const scim = await serve(adapters)
    await seven(scim)
    const query = jest.spyOn(adapters.users, 'query')
    let path = '/Users?cursor=&count=3'
    const pages: unknown[] = []
    for (let page = 0; page < 3; page += 1) {
      const { body } = await scim.get(path)
      pages.push([body.totalResults, body.itemsPerPage])
      path = `/Users?count=3&cursor=${body.nextCursor}`
    }
    expect(pages).toEqual([
      [7, 3],
      [7, 3],
      [7, 1],
    ])
    if (!adapters.users.supports?.cursor) return
    const isCounted = query.mock.calls.map(([, { withoutTotal = false }]) => !withoutTotal)
    expect(isCounted).toEqual([true, false, false])
    query.mockRestore()
  })

  it.each(['ascending', 'descending'])(
    'pages %s through resource types that give one attribute different types (B1)',
    async (sortOrder) => {
      const typed = (name: string, type: string) => ({
        id: `urn:example:${name}`,
        name,
        attributes: [{ name: 'level', type }],
      })
      const scim = await serve(await make(), {
        schemas: [typed('Alpha', 'string'), typed('Beta', 'integer'), typed('Gamma', 'boolean')],
        resourceTypes: ['Alpha', 'Beta', 'Gamma'].map((name) => ({
          name,
          endpoint: `/${name}s`,
          schema: `urn:example:${name}`,
        })),
      } as never)
      const levels = { Alpha: ['abc', '7'], Beta: [7, -1], Gamma: [true, false] }
      for (const [name, values] of Object.entries(levels)) {
        for (const level of values) {
          const { status } = await scim.post(`/${name}s`, {
            schemas: [`urn:example:${name}`],
            level,
          })
          expect(status).toBe(201)
        }
      }
      const found: unknown[] = []
      let cursor = ''
      do {
        const query = `sortBy=level&sortOrder=${sortOrder}&count=1&${filtered('level pr')}`
        const { status, body } = await scim.get(`/?${query}&cursor=${cursor}`)
        expect(status).toBe(200)
        found.push(...body.Resources.map(({ level }: { level: unknown }) => level))
        cursor = body.nextCursor
      } while (cursor !== undefined)
      const inOrder = [false, true, -1, 7, '7', 'abc']
      expect(found).toEqual(sortOrder === 'ascending' ? inOrder : [...inOrder].reverse())
    },
  )

  it.each([
    ['ids', 600, () => 'id eq "nobody"'],
    ['names', 1_200, (n: number) => `userName eq "${n}@acme.example"`],
    ['parts of a text', 1_200, (n: number) => `title co "part ${n}"`],
    ['different attributes', 700, (n: number) => (n % 2 ? `id eq "${n}"` : 'displayName eq "N"')],
  ])('answers a filter of many %s (B2)', async (_, count, term) => {
    const scim = await serve(await make(), {
      limits: { maxFilterNodes: 5_000, maxFilterBytes: 262_144 },
    })
    await seven(scim)
    const many = Array.from({ length: count }, (_each, n) => term(n)).join(' or ')
    const search = (filter: string) =>
      scim.post('/Users/.search', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter,
      })
    expect((await search(many)).body).toMatchObject({ totalResults: 0 })
    const one = await search(`${many} or userName eq "a@acme.example"`)
    expect(namesOf(one.body)).toEqual(['a'])
    const another = await search(`${many} or userName eq "b@acme.example" or title eq "E"`)
    expect(namesOf(another.body)).toEqual(['b', 'e'])
  })

  it('passes over empty parameters of a search as of a URL', async () => {
    const scim = await serve(await make())
    await scim.user('a', { title: 'T' })
    const empty = { sortBy: '', sortOrder: '', startIndex: '', count: '', attributes: '' }
    const { body } = await scim.get(`/Users?${new URLSearchParams(empty)}`)
    expect(body.Resources).toMatchObject([{ title: 'T' }])
    expect((await scim.post('/Users/.search', { schemas: [searchUrn], ...empty })).body).toEqual(
      body,
    )
  })

  it.each([
    ['inventory.tags', [['b', 'a'], ['c']]],
    ['boxes.tags', [['b', 'a'], ['c']]],
  ])('sorts by the first value of %s (D15)', async (sub, values) => {
    const urn = 'urn:example:Device'
    const tags = { name: 'tags', type: 'string', multiValued: true }
    const scim = await serve(await make(), {
      schemas: [
        {
          id: urn,
          name: 'Device',
          attributes: [
            { name: 'inventory', type: 'complex', subAttributes: [tags] },
            { name: 'boxes', type: 'complex', multiValued: true, subAttributes: [tags] },
          ],
        },
      ],
      resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: urn }],
    } as never)
    const [attribute = ''] = sub.split('.')
    const all = [['d'], ...values, ['a', 'z']]
    for (const each of all) {
      const value = attribute === 'boxes' ? [{ tags: each }] : { tags: each }
      expect((await scim.post('/Devices', { schemas: [urn], [attribute]: value })).status).toBe(201)
    }
    const { body } = await scim.get(`/Devices?sortBy=${sub}`)
    const first = body.Resources.map((device: Record<string, never>) => {
      const value = device[attribute] as unknown
      const holder = (Array.isArray(value) ? value[0] : value) as { tags: string[] }
      return holder.tags[0]
    })
    expect(first).toEqual(['a', 'b', 'c', 'd'])
  })

  it('finds and protects what was stored before an attribute became unique, and names what is twice (A2)', async () => {
    const urn = 'urn:example:staff'
    const attributes = (uniqueness: string) => [{ name: 'badge', type: 'string', uniqueness }]
    const extension = (uniqueness: string) => {
      const schema = { id: urn, name: 'Staff', attributes: attributes(uniqueness) }
      return { schemas: [schema], userExtensions: [{ schema: urn }] } as never
    }
    const adapters = await make()
    const before = await serve(adapters, extension('none'))
    const people = []
    for (const [name, badge] of [
      ['ada', '7'],
      ['bob', '7'],
      ['eve', '8'],
    ] as const) {
      people.push(await before.user(name, { [urn]: { badge } }))
    }
    const [ada, bob] = people
    const warnings: Error[] = []
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation((warning, options) => {
      warnings.push(Object.assign(new Error(String(warning)), options))
    })
    const after = await serve(adapters, extension('server'))
    const found = await after.get(`/Users?${filtered(`${urn}:badge eq "7"`)}`)
    expect(found.body.totalResults).toBe(2)
    warn.mockRestore()
    if (adapters.users.useKeys) {
      const [warning] = warnings
      expect(warning).toMatchObject({ code: 'ERR_SCIM_UNIQUENESS' })
      for (const id of [`"${urn}:badge"`, ada?.id, bob?.id]) expect(warning?.message).toContain(id)
    }
    const taken = { schemas: [userUrn, urn], userName: 'zoe', [urn]: { badge: '8' } }
    // A store that does not know cannot do it.
    if (adapters.users.useKeys) expect((await after.post('/Users', taken)).status).toBe(409)
    const left = await after.patch(`/Users/${bob?.id}`, [
      { op: 'replace', path: 'active', value: false },
    ])
    expect([left.status, left.body.active]).toEqual([200, false])
    const freed = await after.patch(`/Users/${bob?.id}`, [
      { op: 'replace', path: `${urn}:badge`, value: '9' },
    ])
    expect(freed.status).toBe(200)
    const again = await after.get(`/Users?${filtered(`${urn}:badge eq "7"`)}`)
    expect(again.body.totalResults).toBe(1)
  })

  it('finds people by their groups, also through other groups (C4, clients G)', async () => {
    const adapters = await make()
    const scim = await serve(adapters)
    if (!adapters.users.supports?.groups) {
      const { status } = await scim.get(`/Users?${filtered('groups.value eq "x"')}`)
      expect(status).toBe(400)
      return
    }
    const a = await scim.user('a@acme.example')
    const b = await scim.user('b@acme.example')
    await scim.user('c@acme.example')
    const inner = await scim.group('Inner', [b.id])
    const outer = await scim.group('Outer Circle', [a.id, inner.id])
    for (const [filter, names] of [
      [`groups.value eq "${outer.id}"`, ['a', 'b']],
      [`groups eq "${inner.id}"`, ['b']],
      [`groups[display eq "OUTER circle"]`, ['a', 'b']],
      ['groups.display eq "Outer"', []],
      [`groups.value eq "${b.id}"`, []],
      [`groups.display eq "inner" or userName sw "c"`, ['b', 'c']],
      [`not (groups.value eq "${inner.id}")`, ['a', 'c']],
      [`groups.value eq "${outer.id}" and not (groups.display eq "Inner")`, ['a']],
      [`groups.value eq "${inner.id}" or groups.value eq "${outer.id}"`, ['a', 'b']],
    ] as const) {
      const { status, body } = await scim.get(`/Users?${filtered(filter)}`)
      expect([filter, status]).toEqual([filter, 200])
      expect([filter, namesOf(body)]).toEqual([filter, names])
    }
  })

  it('counts all matches, not the page (R-QUERY-05, R-FILTER-22)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    const { body } = await scim.get(`/Users?count=2&${filtered('title ne "A"')}`)
    expect(body).toMatchObject({ totalResults: 6, itemsPerPage: 2 })
  })

  it.each([
    ['userName eq "A@ACME.example"', ['a']],
    ['title sw "a" or title ge "F"', ['g', 'a', 'f']],
    ['not (title pr)', ['c']],
    ['userName co "@acme" and active eq true and title lt "C"', ['a', 'b']],
  ])('finds what matches %s (R-FILTER-43)', async (filter, expected) => {
    const scim = await serve(await make())
    await seven(scim)
    expect(namesOf((await scim.get(`/Users?${filtered(filter)}`)).body)).toEqual(expected)
  })

  it('sorts, unassigned values last and in the other direction first (R-SORT-02, R-SORT-06)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    const up = await scim.get('/Users?sortBy=title')
    expect(namesOf(up.body)).toEqual(['a', 'b', 'd', 'e', 'f', 'g', 'c'])
    const down = await scim.get('/Users?sortBy=TITLE&sortOrder=descending')
    expect(namesOf(down.body)).toEqual(['c', 'g', 'f', 'e', 'd', 'b', 'a'])
  })

  it.each([
    ['?count=0', 0, 7],
    ['?count=-1', 0, 7],
    ['?startIndex=99', 0, 7],
    ['?startIndex=-5&count=1', 1, 7],
    ['?count=2147483647', 7, 7],
  ])(
    '%s: a page of %i (R-PAGE-01, R-PAGE-02, R-PAGE-05, S-DOS-08)',
    async (query, length, total) => {
      const scim = await serve(await make())
      await seven(scim)
      const { status, body } = await scim.get(`/Users${query}`)
      expect(status).toBe(200)
      expect(body).toMatchObject({ itemsPerPage: length, totalResults: total })
      expect(body.Resources).toHaveLength(length)
    },
  )

  it('walks by cursor through a sorted and filtered result, each once (R-CUR-01, R-CUR-02, R-CUR-04, R-CUR-18)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    const query = `/Users?count=2&sortBy=title&sortOrder=descending&${filtered('userName ne "x"')}`
    const pages = []
    let cursor: string | undefined = ''
    while (cursor !== undefined) {
      const { body } = await scim.get(`${query}&cursor=${cursor}`)
      pages.push(namesOf(body))
      cursor = body.nextCursor
      expect(cursor ?? '').toMatch(/^[A-Za-z0-9._~-]*$/)
    }
    expect(pages).toEqual([['c', 'g'], ['f', 'e'], ['d', 'b'], ['a']])
  })

  it('searches all types from the base URL, and tells them apart (R-QUERY-06, R-SEARCH-05)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    await scim.group('Crew')
    const all = await scim.get('/')
    expect(all.body.totalResults).toBe(8)
    const types = all.body.Resources.map(
      (each: { meta: { resourceType: string } }) => each.meta.resourceType,
    )
    expect(types).toEqual([...Array(7).fill('User'), 'Group'])
    const groups = await scim.get(`/?${filtered('meta.resourceType eq "Group"')}`)
    expect(groups.body.Resources).toHaveLength(1)
    expect(groups.body.Resources[0]).toMatchObject({ schemas: [groupUrn], displayName: 'Crew' })
  })

  it('gives an attribute that a type lacks no value (R-QUERY-07)', async () => {
    const scim = await serve(await make())
    await seven(scim)
    await scim.group('Crew')
    const present = await scim.get(`/?${filtered('userName pr')}`)
    expect(present.body.totalResults).toBe(7)
    const equal = await scim.get(`/?${filtered('title eq "A" or displayName eq "crew"')}`)
    expect(equal.body.totalResults).toBe(2)
    const unknown = await scim.get(`/?${filtered('noSuchAttribute pr')}`)
    expect(unknown.body.totalResults).toBe(0)
  })

  it('pages over several types by number, sorted and by cursor (R-QUERY-06, R-SORT-06, R-CUR-02)', async () => {
    const scim = await serve(await make())
    await scim.user('b@acme.example', { displayName: 'b' })
    await scim.group('c')
    await scim.user('a@acme.example', { displayName: 'a' })
    await scim.user('x@acme.example')
    await scim.group('d')
    const label = (each: { userName?: string; displayName?: string }) =>
      each.displayName ?? each.userName?.[0]
    const pageOf = async (query: string) => (await scim.get(`/${query}`)).body.Resources.map(label)
    expect(await pageOf('?startIndex=3&count=2')).toEqual(['x', 'c'])
    expect(await pageOf('?sortBy=displayName&startIndex=2&count=2')).toEqual(['b', 'c'])
    expect(await pageOf('?sortBy=displayName&sortOrder=descending&count=3')).toEqual([
      'x',
      'd',
      'c',
    ])
    const walk = async (query: string) => {
      const found = []
      let cursor: string | undefined = ''
      while (cursor !== undefined) {
        const { body } = await scim.get(`/?count=2&${query}&cursor=${cursor}`)
        expect(body.totalResults).toBe(5)
        found.push(...body.Resources.map(label))
        cursor = body.nextCursor
      }
      return found
    }
    expect(await walk('')).toEqual(['b', 'c', 'a', 'x', 'd'])
    expect(await walk('sortBy=displayName')).toEqual(['a', 'b', 'c', 'd', 'x'])
    expect(await walk('sortBy=displayName&sortOrder=descending')).toEqual(['x', 'd', 'c', 'b', 'a'])
    expect(await walk('sortBy=userName')).toEqual(['a', 'b', 'x', 'c', 'd'])
    expect(await walk('sortBy=userName&sortOrder=descending')).toEqual(['c', 'd', 'x', 'b', 'a'])
  })

  it('finds the groups of a member in each spelling (R-FILTER-40)', async () => {
    const scim = await serve(await make())
    const user = await scim.user('ines@acme.example')
    await scim.group('Crew', [user.id])
    await scim.group('Staff')
    for (const filter of [
      `members[value eq "${user.id}"]`,
      `members eq "${user.id}"`,
      `members.value eq "${user.id}"`,
    ]) {
      const { body } = await scim.get(`/Groups?excludedAttributes=members&${filtered(filter)}`)
      expect(namesOf(body)).toEqual(['Crew'])
    }
  })

  it.each([
    ['title eq "Lead"', ['ines']],
    ['title ne "Lead"', ['bob', 'D']],
    ['title sw "L"', ['ines']],
    ['title eq 7', ['D']],
    ['title gt 6', ['D']],
    ['not (title eq 7)', ['ines', 'bob']],
    ['title pr', ['ines', 'D']],
    ['name eq "D"', ['D']],
    ['name[givenName eq "Ines"]', ['ines']],
    ['emails[value eq "x@y.example"]', ['ines']],
    ['meta.resourceType eq "User" and title eq "Lead"', ['ines']],
  ])(
    'lets an attribute of the same name and another type match nothing: %s (A23)',
    async (filter, found) => {
      const scim = await serve(await make(), otherTitles)
      await scim.user('ines', {
        title: 'Lead',
        name: { givenName: 'Ines' },
        emails: [{ value: 'x@y.example' }],
      })
      await scim.user('bob')
      await scim.post('/Devices', { schemas: [deviceUrn], name: 'D', title: 7, emails: ['x'] })
      const { status, body } = await scim.get(`/?${filtered(filter)}`)
      expect(status).toBe(200)
      const names = body.Resources.map(
        (each: { userName?: string; name?: string }) => each.userName ?? each.name,
      )
      expect(names.sort()).toEqual([...found].sort())
    },
  )

  it.each(['title eq true', 'active co "t"', 'name eq 3'])(
    'refuses a comparison that fits no type: %s (A23, R-FILTER-10)',
    async (filter) => {
      const scim = await serve(await make(), otherTitles)
      const { status, body } = await scim.get(`/?${filtered(filter)}`)
      expect([status, body.scimType]).toEqual([400, 'invalidFilter'])
    },
  )
}

const deviceUrn = 'urn:example:params:scim:schemas:Device'
/** A resource type with attributes of a user's names and other types. */
const otherTitles = {
  schemas: [
    {
      id: deviceUrn,
      name: 'Device',
      attributes: [
        { name: 'name', required: true },
        { name: 'title', type: 'integer' as const },
        { name: 'emails', multiValued: true },
      ],
    },
  ],
  resourceTypes: [{ name: 'Device', endpoint: '/Devices', schema: deviceUrn }],
}
