import request from 'supertest'
import { aRule, path, signedInPage } from './visitor.js'

const digestIn = (text: string) => /name="previewed" value="([^"]+)"/.exec(text)?.[1]
const meanwhile = 'Somebody else saved other rules meanwhile'

async function savedOnce() {
  const visitor = await signedInPage()
  const crew = await visitor.addGroup('Crew')
  const { text } = await visitor.send(path, { ...aRule, do: 'preview' }).expect(200)
  const form = { ...aRule, previewed: digestIn(text), do: 'save' }
  await visitor.send(path, form).expect(303)
  const { version } = await visitor.access.rules(visitor.scope)
  return { ...visitor, crew, form, version }
}

describe('a form of rules that is sent again', () => {
  it.each(['save', 'preview'])(
    'says that its rules are saved, after a double click or "back" (%s)',
    async (action) => {
      const { send, visit, form, version, access, scope } = await savedOnce()
      const { headers } = await send(path, { ...form, do: action }).expect(303)
      expect((await visit(headers['location']!)).text).toContain('Saved.')
      expect((await access.rules(scope)).version).toBe(version)
    },
  )

  it('shows what cannot be saved beside what somebody else has saved', async () => {
    const { send, form } = await savedOnce()
    const { text } = await send(path, { ...form, 'roles.group': '' }).expect(409)
    expect(text).toContain(meanwhile)
    expect(text).toContain('The group is missing.')
    expect(text).not.toContain('Only in your draft')
  })

  it('asks again if more people would lose access than were confirmed', async () => {
    const { send, addUser, changeMembers, crew, version, reconciler, ...rest } = await savedOnce()
    await changeMembers(crew, { add: [await addUser('ada@example.com')] })
    await reconciler.drain()
    const none = { version, do: 'preview' }
    const { text } = await send(path, none).expect(200)
    expect(text).toContain('I want this person to lose all access')
    const confirm = /name="confirm" value="([^"]+)"/.exec(text)?.[1]
    const confirmed = { ...none, previewed: digestIn(text), do: 'save', confirm }

    await changeMembers(crew, { add: [await addUser('bo@example.com')] })
    const again = await send(path, confirmed).expect(200)
    expect(again.text).toContain('I want these 2 people to lose all access')
    expect((await rest.access.rules(rest.scope)).version).toBe(version)
    await send(path, { ...confirmed, confirm: '2' }).expect(303)
  })
})

describe('two administrators who save rules at once', () => {
  it('can keep the rules of both', async () => {
    const { app, send, cookie, csrf, form, version, access, scope, addGroup } = await savedOnce()
    await addGroup('Others')
    const mine = { ...form, 'roles.group': 'Others' }
    const conflict = await send(path, mine).expect(409)
    expect(conflict.text).toContain('Your draft alone would remove what is only in what is saved.')
    const { text } = await send(path, { ...mine, do: 'merge' }).expect(200)
    expect(text).toContain('Annotator for &quot;Others&quot;')
    expect(text).not.toContain('Rules removed')

    const both = new URLSearchParams({ csrf, version, do: 'save', previewed: digestIn(text)! })
    for (const group of ['Others', 'Crew']) {
      both.append('roles.role', 'Annotator')
      both.append('roles.group', group)
    }
    await request(app)
      .post(path)
      .type('form')
      .set('Cookie', cookie)
      .send(both.toString())
      .expect(303)
    expect((await access.rules(scope)).rules.roles_groups).toEqual([
      ['Annotator', 'Others'],
      ['Annotator', 'Crew'],
    ])
  })
  it('cannot give a group of both two roles, and repeats nothing', async () => {
    const { send, form } = await savedOnce()
    const mine = { ...form, 'roles.role': 'Reviewer' }
    const conflict = await send(path, mine).expect(409)
    expect(conflict.text).toContain('also what one of you has removed')
    const { text } = await send(path, { ...mine, do: 'merge' }).expect(400)
    expect(text).toContain('has the role Reviewer already and cannot have Annotator too')
    const same = await send(path, { ...form, do: 'merge' }).expect(200)
    expect(same.text).toContain('These are the rules that are saved already.')
    expect(same.text.match(/name="roles.group" value="Crew"/g)).toHaveLength(1)
  })
})
