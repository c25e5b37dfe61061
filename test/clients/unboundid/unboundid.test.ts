import { startJavaClient } from '../java-client.js'
import { describeLife } from '../life.js'

describe('the client of UnboundID SCIM 2 SDK 5.0.0 against the example host', () => {
  const life = describeLife((baseUrl, token) => startJavaClient('unboundid', baseUrl, token))

  it('reads schemas and resource types', async () => {
    const { totalResults } = await life.server().get('/Schemas')
    expect(await life.client().do('discover')).toMatchObject({ schemas: totalResults, types: 2 })
  })

  it('searches by POST', async () => {
    const asked = { type: 'User', attribute: 'userName', value: 'c', count: 3 }
    const found = await life.client().do('search', asked)
    expect(found).toMatchObject({ success: true, total: 5 })
    expect(found.resources).toHaveLength(3)
  })

  it('lists everybody by cursors (RFC 9865)', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const asked = { type: 'User', count: 4, ...(cursor !== undefined && { cursor }) }
      const page = await life.client().do('cursorPage', asked)
      expect(page.success).toBe(true)
      seen.push(...page.resources.map(({ id }: { id: string }) => id))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect([seen.length, new Set(seen).size]).toEqual([6, 6])
  })
})
