import { memoryAdapters } from '../../adapters/memory/index.js'
import { minimalAdapters, watched } from './adapters.js'
import { filtered, namesOf, querySuite, seven } from './query-suite.js'
import { searchUrn, serve, userUrn } from './server.js'

describe.each([
  ['a store that can query', memoryAdapters],
  ['a store that can nothing', minimalAdapters],
])('a query over %s', (_, make) => querySuite(make))

describe('bounds of a query', () => {
  it('lowers count to maxResults and uses the default count, as advertised (R-PAGE-03, R-PAGE-06, R-PAGE-08, R-DISC-10)', async () => {
    const scim = await serve(memoryAdapters(), {
      limits: { maxResults: 3, defaultCount: 2 },
      advertisePagination: true,
    })
    await seven(scim)
    expect((await scim.get('/Users')).body.Resources).toHaveLength(2)
    expect((await scim.get('/Users?count=100')).body.Resources).toHaveLength(3)
    const { body } = await scim.get('/ServiceProviderConfig')
    expect(body.filter.maxResults).toBe(3)
    expect(body.pagination).toMatchObject({ defaultPageSize: 2, maxPageSize: 3 })
  })

  it('answers 400 tooMany for what a store cannot answer and the library would have to read all for (R-QUERY-08, S-DOS-10)', async () => {
    const scim = await serve(minimalAdapters(), { limits: { maxScanned: 5 } })
    await seven(scim)
    const { status, body } = await scim.get(`/Users?${filtered('userName co "a@acme.example"')}`)
    expect(status).toBe(400)
    expect(body.scimType).toBe('tooMany')
    expect((await scim.get('/Users?count=5')).status).toBe(200)
  })

  it('answers 400 tooMany for a sorted page far into several types (R-QUERY-08, S-DOS-10)', async () => {
    const scim = await serve(memoryAdapters(), { limits: { maxScanned: 50 } })
    const { status, body } = await scim.get('/?sortBy=displayName&startIndex=1000&count=10')
    expect(status).toBe(400)
    expect(body.scimType).toBe('tooMany')
    expect((await scim.get('/?startIndex=1000&count=10')).status).toBe(200)
  })

  it('never evaluates a filter itself where the store can (R-FILTER-43)', async () => {
    const adapters = watched(memoryAdapters())
    const scim = await serve(adapters)
    await scim.get(`/Users?${filtered('userName eq "a"')}&sortBy=title&cursor=`)
    const stores = adapters.calls
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('access.') && !name.endsWith('.useKeys'))
    expect(stores).toEqual(['users.query'])
  })

  it.each([
    ['?count=abc', 'invalidValue'],
    ['?startIndex=1.5', 'invalidValue'],
    ['?cursor=&startIndex=1', 'invalidValue'],
    ['?cursor=made-up', 'invalidCursor'],
    ['?sortBy=noSuch', 'invalidValue'],
    ['?sortBy=userName&sortOrder=up', 'invalidValue'],
    ['?sortBy=password', 'invalidValue'],
    ['?sortBy=groups.display', 'invalidValue'],
    ['?filter=', 'invalidFilter'],
    ['?filter=userName%20eq', 'invalidFilter'],
    ['?filter=noSuch%20eq%20%22x%22', 'invalidFilter'],
    ['?filter=password%20sw%20%22a%22', 'invalidFilter'],
    ['?attributes=a&excludedAttributes=b', 'invalidValue'],
  ])(
    'refuses %s with 400 %s (R-PAGE-04, R-CUR-06, R-CUR-11, R-SORT-07, R-SORT-09, R-FILTER-18, R-FILTER-35)',
    async (query, scimType) => {
      const scim = await serve()
      const { status, body } = await scim.get(`/Users${query}`)
      expect(status).toBe(400)
      expect(body.scimType).toBe(scimType)
    },
  )

  it('leaves empty parameters out, but for an empty filter and an empty cursor (A25)', async () => {
    const scim = await serve()
    await seven(scim)
    const query = 'count=&startIndex=&sortBy=&sortOrder=&attributes=&excludedAttributes='
    const { status, body } = await scim.get(`/Users?${query}`)
    expect([status, body.totalResults, body.startIndex]).toEqual([200, 7, 1])
    const { body: first } = await scim.get('/Users?cursor=&count=')
    expect([first.Resources.length, first.startIndex]).toEqual([7, undefined])
  })

  it('refuses filters, sorting and cursors that are switched off, and says so (R-FILTER-01, R-SORT-01, R-DISC-10)', async () => {
    const features = { filter: false, sort: false, cursor: false }
    const scim = await serve(memoryAdapters(), { features, advertisePagination: true })
    const { body } = await scim.get('/ServiceProviderConfig')
    expect([body.filter.supported, body.sort.supported, body.pagination.cursor]).toEqual([
      false,
      false,
      false,
    ])
    for (const query of [filtered('userName eq "a"'), 'sortBy=userName', 'cursor=']) {
      expect((await scim.get(`/Users?${query}`)).status).toBe(400)
    }
  })

  it('pages by cursor without being asked where that is the default (R-CUR-09, R-CUR-10)', async () => {
    const scim = await serve(memoryAdapters(), {
      defaultPaging: 'cursor',
      advertisePagination: true,
    })
    await seven(scim)
    const { body } = await scim.get('/Users?count=3')
    expect(body.nextCursor).toEqual(expect.any(String))
    expect(body.startIndex).toBeUndefined()
    expect((await scim.get('/Users?count=3&startIndex=1')).body.nextCursor).toBeUndefined()
    const config = await scim.get('/ServiceProviderConfig')
    expect(config.body.pagination.defaultPaginationMethod).toBe('cursor')
  })
})

describe('a cursor', () => {
  it('is good for the same query, principal and tenant only, with one and the same error (R-CUR-05, R-CUR-13, R-CUR-15, R-CUR-16, S-LEAK-08, R-SEC-07)', async () => {
    const scim = await serve()
    await seven(scim)
    const { body } = await scim.get('/Users?count=2&cursor=')
    const cursor = body.nextCursor
    const answers = [
      await scim.get(`/Users?count=2&cursor=${cursor}`, { as: 'other' }),
      await scim.get(`/Users?count=2&cursor=${cursor}`, { as: 'acme/somebody' }),
      await scim.get(`/Users?count=2&cursor=${cursor}&${filtered('title pr')}`),
      await scim.get(`/Users?count=2&cursor=${cursor}&sortBy=title`),
      await scim.get(`/Users?count=2&cursor=${cursor}&attributes=title`),
      await scim.get(`/Groups?count=2&cursor=${cursor}`),
      await scim.get(`/?count=2&cursor=${cursor}`),
      await scim.get(`/Users?count=2&cursor=${cursor.slice(1)}`),
    ]
    for (const answer of answers)
      expect([answer.status, answer.body]).toEqual([400, answers[0]?.body])
    expect(answers[0]?.body.scimType).toBe('invalidCursor')
    const count = await scim.get(`/Users?count=3&cursor=${cursor}`)
    expect(count.body.scimType).toBe('invalidCount')
    expect((await scim.get(`/Users?count=2&cursor=${cursor}`)).status).toBe(200)
  })

  it('is good for the same query written in another way, as in the example of RFC 9865 (B4)', async () => {
    const scim = await serve()
    await seven(scim)
    const first = await scim.get(
      `/Users?${filtered('userName pr and not (userName eq "x")')}&sortBy=userName&count=2&cursor=`,
    )
    const more = `sortOrder=ascending&count=2&cursor=${first.body.nextCursor}`
    const same = 'USERNAME pr  AND not (urn:ietf:params:scim:schemas:core:2.0:User:username eq "X")'
    const next = await scim.get(`/Users?${filtered(same)}&sortBy=username&${more}`)
    expect([next.status, next.body.Resources?.length]).toEqual([200, 2])
    const others = ['userName pr and not (userName eq "y")', 'userName pr']
    for (const other of others) {
      const { body } = await scim.get(`/Users?${filtered(other)}&sortBy=userName&${more}`)
      expect(body.scimType).toBe('invalidCursor')
    }
  })

  it('expires (R-CUR-06)', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z')
    const scim = await serve(memoryAdapters(), {
      clock: () => new Date(now),
      cursorTimeoutSeconds: 60,
    })
    await seven(scim)
    const { body } = await scim.get('/Users?count=2&cursor=')
    now += 61_000
    const { body: late } = await scim.get(`/Users?count=2&cursor=${body.nextCursor}`)
    expect(late.scimType).toBe('expiredCursor')
  })

  it('neither repeats nor skips what stays when resources come and go between pages (R-CUR-19)', async () => {
    const scim = await serve()
    await seven(scim)
    const first = await scim.get('/Users?count=3&cursor=')
    await scim.delete(`/Users/${first.body.Resources[0].id}`)
    await scim.user('new@acme.example')
    const second = await scim.get(`/Users?count=9&cursor=`)
    const rest = await scim.get(`/Users?count=3&cursor=${first.body.nextCursor}`)
    expect(namesOf(rest.body)).toEqual(['f', 'b', 'e'])
    expect(namesOf(second.body)).toEqual(['c', 'a', 'f', 'b', 'e', 'd', 'n'])
  })
})

describe('POST .search', () => {
  it.each(['/Users/.search', '/.search'])(
    '%s answers as GET does, and creates nothing (R-SEARCH-01, R-SEARCH-02, R-SEARCH-03, R-PROJ-12)',
    async (path) => {
      const scim = await serve()
      await seven(scim)
      const { status, body } = await scim.post(`${path}?count=1&filter=garbage`, {
        schemas: [searchUrn],
        filter: 'userName co "acme"',
        sortBy: 'title',
        sortOrder: 'descending',
        startIndex: 2,
        count: 2,
        attributes: ['userName', 'title'],
      })
      expect(status).toBe(200)
      expect(body).toMatchObject({ totalResults: 7, startIndex: 2, itemsPerPage: 2 })
      expect(namesOf(body)).toEqual(['g', 'f'])
      expect(Object.keys(body.Resources[0]).sort()).toEqual(['id', 'schemas', 'title', 'userName'])
      expect((await scim.get('/Users?count=0')).body.totalResults).toBe(7)
    },
  )

  it('takes excludedAttributes as text, names in any case, and null for absent (R-PROJ-12, R-MT-15)', async () => {
    const scim = await serve()
    await seven(scim)
    const { body } = await scim.post('/Users/.search', {
      Schemas: [searchUrn],
      COUNT: 1,
      filter: null,
      excludedAttributes: 'meta,title',
    })
    expect(Object.keys(body.Resources[0]).sort()).toEqual(['active', 'id', 'schemas', 'userName'])
  })

  it('pages by cursor (R-CUR-12)', async () => {
    const scim = await serve()
    await seven(scim)
    const first = await scim.post('/Users/.search', { schemas: [searchUrn], count: 4, cursor: '' })
    const second = await scim.post('/Users/.search', {
      schemas: [searchUrn],
      count: 4,
      cursor: first.body.nextCursor,
    })
    expect(namesOf(second.body)).toEqual(['b', 'e', 'd'])
    expect(second.body.nextCursor).toBeUndefined()
  })

  it.each([
    [{ schemas: [userUrn] }, 'invalidSyntax'],
    [[], 'invalidSyntax'],
    [{ schemas: [searchUrn], filter: 7 }, 'invalidValue'],
    [{ schemas: [searchUrn], count: 'many' }, 'invalidValue'],
    [{ schemas: [searchUrn], count: 1.5 }, 'invalidValue'],
    [{ schemas: [searchUrn], attributes: [1] }, 'invalidValue'],
    [{ schemas: [searchUrn], sortBy: { $ne: null } }, 'invalidValue'],
    [{ schemas: [searchUrn], filter: 'password pr' }, 'invalidFilter'],
  ])('refuses %j with 400 %s (R-SEARCH-04, S-INP-05, S-LEAK-02)', async (search, scimType) => {
    const scim = await serve()
    const { status, body } = await scim.post('/Users/.search', search)
    expect(status).toBe(400)
    expect(body.scimType).toBe(scimType)
  })

  it('asks for the SearchRequest schema where the host is strict (R-SEARCH-04)', async () => {
    const scim = await serve(memoryAdapters(), { strict: true })
    expect((await scim.post('/Users/.search', { count: 1 })).body.scimType).toBe('invalidSyntax')
    const lenient = await serve()
    expect((await lenient.post('/Users/.search', { count: 1 })).status).toBe(200)
  })
})
