import { emptyRecord } from '../../lib/stores/empty-record.js'
import { path, signedInPage } from './visitor.js'

const connect = `${path}/connect`
const tokenIn = (text: string) => /id="made-token" readonly value="([^"]+)"/.exec(text)?.[1]
const idIn = (text: string) => /name="id" value="([^"]+)"/.exec(text)?.[1]

describe('the page "Connect"', () => {
  it('shows a token once, and makes no second one when the answer is loaded again', async () => {
    const { send, visit } = await signedInPage()
    const made = await send(connect, { do: 'create', name: 'okta', days: '90' })
    expect(tokenIn(made.text)).toMatch(/^scim_[\w-]{43}$/)
    const { text } = await visit(connect)
    expect(text).toContain('okta')
    expect(text).not.toContain('scim_')
    const again = await send(connect, { do: 'create', name: 'okta', days: '90' })
    expect(again.status).toBe(409)
    expect(again.text).toContain('There is a token named &quot;okta&quot; already.')
    expect(tokenIn(again.text)).toBeUndefined()
  })

  it('says when a token expires', async () => {
    const { send } = await signedInPage()
    const { text } = await send(connect, { do: 'create', name: 'okta', days: '' })
    expect(text).toContain('>expires in a year</option>')
    expect(text).toContain('>never expires</option>')
    expect(text).toContain('<td data-label="Expires"><span class="quiet">never</span></td>')
  })

  it('renames, rotates and revokes', async () => {
    const { send, adapters, scope } = await signedInPage()
    const { text } = await send(connect, { do: 'create', name: 'okta' })
    const id = idIn(text)
    await send(connect, { do: 'rename', id, name: 'Okta' }).expect(200)
    const rotated = await send(connect, { do: 'rotate', id })
    expect(tokenIn(rotated.text)).not.toBe(tokenIn(text))
    expect(rotated.text).toContain('Rotated')
    const revoked = await send(connect, { do: 'revoke', id })
    expect(revoked.text).toContain('The token &quot;Okta&quot; is revoked')
    expect(await adapters.tokens?.list({ ...scope, tenant: 'acme' })).toHaveLength(1)
    await send(connect, { do: 'revoke', id }).expect(404)
  })

  it('takes no form without the token of the page (R9)', async () => {
    const { send } = await signedInPage()
    await send(connect, { do: 'create', name: 'okta', csrf: 'forged' }).expect(403)
  })

  it.each(['connect', 'status', 'workspaces'])('knows its own buttons alone: %s', async (tab) => {
    const { send } = await signedInPage()
    for (const name of ['nothing', 'constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      const { status, text } = await send(`/scim/settings/${tab}`, { do: name })
      expect([name, status]).toEqual([name, 400])
      expect(text).toContain('This form has no such button.')
    }
  })

  it('shows the guide of the identity provider that was chosen', async () => {
    const { visit } = await signedInPage()
    const { text } = await visit(`${connect}?idp=okta`)
    expect(text).toContain('Authentication Mode &quot;HTTP Header&quot;')
    expect(text).toContain('docs/okta.md')
    expect((await visit(`${connect}?idp=none`)).text).not.toContain('docs/')
  })

  it('has the base URL, or its path at the address of the page', async () => {
    const scimUrl = 'https://scim.example.com/v2'
    const { visit } = await signedInPage({ options: { scimUrl } })
    expect((await visit(connect)).text).toContain(`value="${scimUrl}"`)
    const besides = await signedInPage({ options: { scimUrl: '/scim/v2' } })
    expect((await besides.visit(connect)).text).toMatch(/value="http:..127.0.0.1:\d+.scim.v2"/)
  })

  it('is where a new installation is led to, and says what happens next', async () => {
    const { visit, access, addUser, scope } = await signedInPage()
    const welcome = 'No identity provider has called yet'
    expect((await visit(path)).text).toContain(welcome)
    expect((await visit(connect)).text).not.toContain('>Done<')
    await access.setValue(scope, 'lastContact', '2026-03-01T10:00:00Z')
    await addUser('ada@example.com')
    expect((await visit(path)).text).not.toContain(welcome)
    const { text } = await visit(connect)
    expect(text.match(/>Done</g)).toHaveLength(2)
    expect(text).toContain('They are under <a href="/scim/settings/people">People</a>.')
  })

  describe('after an import of accounts', () => {
    /** More people than are looked at, whom nobody has sent. */
    async function anImport() {
      const visitor = await signedInPage()
      const { addUser, access, scope } = visitor
      await access.setValue(scope, 'lastContact', '2026-03-01T10:00:00Z')
      const list = async (userName: string) => {
        const user = await addUser(userName)
        const record = emptyRecord(user.id, new Date())
        const account = { id: userName, origin: 'imported' } as const
        await access.saveRecord(scope, { ...record, account, enforced: 'active' })
        return user
      }
      for (let n = 0; n < 60; n++) await list(`listed-${n}@example.com`)
      const isDone = async () => {
        const { text } = await visitor.visit(connect)
        return /It sends people<.strong> <span class="badge \w+">(.*?)</.exec(text)?.[1] === 'Done'
      }
      return { ...visitor, list, isDone }
    }

    it('does not say that people were sent, before one is', async () => {
      const { isDone, addUser } = await anImport()
      expect(await isDone()).toBe(false)
      await addUser('sent@example.com', { active: false })
      expect(await isDone()).toBe(true)
    })

    it('knows whoever was given access, also if more accounts were listed since', async () => {
      const { isDone, list, adapters, scope } = await anImport()
      const entry = {
        at: '2026-03-01T10:00:00Z',
        event: 'access.granted',
        tenant: scope.tenant,
        actor: 'reconciler',
        requestId: '1',
        outcome: 'succeeded',
      } as const
      await adapters.audit?.append(scope, [entry])
      for (let n = 60; n < 120; n++) await list(`listed-${n}@example.com`)
      expect(await isDone()).toBe(true)
    })
  })

  it('says who gives tokens where none are made here', async () => {
    const { visit } = await signedInPage({ options: { tokens: undefined as never } })
    const { text } = await visit(connect)
    expect(text).toContain('npx label-studio-scim token')
    expect(text).not.toContain('Make a token')
  })
})
