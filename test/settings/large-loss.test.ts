import { path, signedInPage } from './visitor.js'

const people = 1_200
const noRules = { version: '1', do: 'preview' }
const digestIn = (text: string) => /name="previewed" value="([^"]+)"/.exec(text)?.[1]

/** People of one group, whose access depends on the only rule. */
async function anOrganization() {
  const visitor = await signedInPage()
  const members = []
  for (let n = 0; n < people; n++) members.push(await visitor.addUser(`p${n}@example.com`))
  await visitor.addGroup('Crew', members)
  await visitor.post('/api/scim/settings', { roles_groups: [['Annotator', 'Crew']] }).expect(200)
  await visitor.reconciler.drain()
  return visitor
}

describe('the preview of a large loss', () => {
  let visitor: Awaited<ReturnType<typeof anOrganization>>
  beforeAll(async () => {
    visitor = await anOrganization()
  })

  it('has its confirmation beside the button that saves', async () => {
    const { text } = await visitor.send(path, noRules).expect(200)
    const bar = text.slice(text.indexOf('data-previewed'))
    expect(bar).toContain('I want these 1,200 people to lose all access')
    expect(bar).toContain('Save rules')
    expect(text.match(/name="confirm"/g)).toHaveLength(1)
  })

  it('has the numbers first, then a few people, and folds the others', async () => {
    const { text } = await visitor.send(path, noRules)
    const panel = text.slice(text.indexOf('id="preview"'), text.indexOf('data-actions'))
    const [open = '', folded = ''] = panel.split('<details>')
    expect(open.indexOf('class="figures"')).toBeLessThan(open.indexOf('p0@example.com'))
    expect(open.match(/@example.com/g)).toHaveLength(5)
    expect(folded).toContain('45 more of 1,200')
    expect(folded).toContain('and 1,150 more')
  })

  it('asks for the confirmation where the focus is', async () => {
    const { text } = await visitor.send(path, noRules)
    const previewed = digestIn(text)
    const refused = await visitor.send(path, { ...noRules, do: 'save', previewed }).expect(200)
    expect((await visitor.access.rules(visitor.scope)).version).toBe('1')
    const focused = refused.text.match(/<[^>]+ autofocus[^>]*>[^<]*/g)
    expect(focused).toHaveLength(1)
    expect(focused?.[0]).toContain('Nothing is saved yet. Confirm the loss of access')
  })

  it.each(['', '/people', '/groups', '/status'])(
    'writes every number of people as readers do: %p',
    async (tab) => {
      const page = tab === '' ? await visitor.send(path, noRules) : await visitor.visit(path + tab)
      const text = page.text.replace(/<[^>]+>/g, ' ')
      expect(text).toContain('1,200')
      expect(text).not.toMatch(/\b1[12]\d\d\b/)
    },
  )

  it('is as easy to read in what the API says', async () => {
    const { body } = await visitor.post('/api/scim/settings/preview', { roles_groups: [] })
    expect(body.warning).toContain('1,200 people lose all access')
    const saved = await visitor.post('/api/scim/settings', { roles_groups: [] }).expect(409)
    expect(saved.body.detail).toContain('1,200 people')
  })
})
