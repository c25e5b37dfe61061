import fc from 'fast-check'
import {
  controlOf,
  readFormErrors,
  readForms,
  toEntries,
  withChecked,
  withChoice,
  withText,
} from '../../../adapters/label-studio/api/admin/html-form.js'

const entriesOf = (controls: string) => {
  const [form] = readForms(`<form id="f" method="POST">${controls}</form>`)
  if (form === undefined) throw new Error('no form')
  return toEntries(form)
}

describe('reading forms', () => {
  it.each([
    ['a text', '<input name="a" value="b">', [['a', 'b']]],
    ['no value', '<input name=a type=text>', [['a', '']]],
    [
      'single quotes and an entity',
      `<input value='x &amp; "y" &#x27;z&#39;' name='a'/>`,
      [['a', `x & "y" 'z'`]],
    ],
    ['an unquoted value', '<input name=a value=b-c>', [['a', 'b-c']]],
    ['capitals', '<INPUT NAME="a" VALUE="b">', [['a', 'b']]],
    ['a tag over lines', '<input\n  name="a"\n  value="b"\n>', [['a', 'b']]],
    ['an angle bracket in a value', '<input name="a" value="x > y < z">', [['a', 'x > y < z']]],
    ['a checked box', '<input type=checkbox name=a checked>', [['a', 'on']]],
    ['a checked box with a value', '<input type=checkbox name=a value=7 checked="">', [['a', '7']]],
    ['an unchecked box', '<input type=checkbox name=a>', []],
    [
      'radio buttons',
      '<input type=radio name=a value=1><input type=radio name=a value=2 checked>',
      [['a', '2']],
    ],
    ['something disabled', '<input name=a value=b disabled>', []],
    ['something without a name', '<input value=b>', []],
    ['buttons', '<input type=submit name=a value=b><button name=c value=d>x</button>', []],
    ['a file', '<input type=file name=a>', []],
    ['a textarea', '<textarea name=a>\n<b> &lt;\n</textarea>', [['a', '<b> <\n']]],
    [
      'a select of several',
      '<select name=a multiple><option value=1 selected>x<option value=2>y</option><option selected>z</option></select>',
      [
        ['a', '1'],
        ['a', 'z'],
      ],
    ],
    ['a disabled select', '<select name=a disabled><option value=1 selected>x</select>', []],
    ['a comment', '<!-- <input name=a value=b> -->', []],
    ['a script', '<script>"<input name=a value=b>"</script>', []],
    ['the first of two attributes', '<input name=a name=b value=c>', [['a', 'c']]],
  ])('takes what a browser would send of %s', (_name, controls, expected) => {
    expect(entriesOf(controls)).toEqual(expected)
  })

  it('keeps forms apart, and what is outside of them out', () => {
    const html =
      '<input name=o><form id=x><input name=a></form><input name=o><form id=y><input name=b>'
    expect(
      readForms(html).map(({ id, controls }) => [id, controls.map(({ name }) => name)]),
    ).toEqual([
      ['x', ['a']],
      ['y', ['b']],
    ])
  })

  it('brings every text back as it was', () => {
    const refer = (text: string) => text.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(entriesOf(`<input name="a" value="${refer(text)}">`)).toEqual([['a', text]])
      }),
    )
  })

  it('takes any text without failing', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('<', '>', '"', "'", '&', '/', ' ', 'input', 'form', 'name=', '!--'),
        }),
        (text) => {
          expect(Array.isArray(readForms(text))).toBe(true)
        },
      ),
    )
  })
})

describe('changing forms', () => {
  const [form] = readForms(
    '<form><input name=a value=1><input type=checkbox name=b checked><input type=radio ' +
      'name=c value=x checked><input type=radio name=c value=y></form>',
  )
  if (form === undefined) throw new Error('no form')

  it('changes a text, a box or a choice and nothing else', () => {
    expect(toEntries(withText(form, 'a', '2'))).toEqual([
      ['a', '2'],
      ['b', 'on'],
      ['c', 'x'],
    ])
    expect(toEntries(withChecked(form, 'b', false))).toEqual([
      ['a', '1'],
      ['c', 'x'],
    ])
    expect(toEntries(withChoice(form, 'c', 'y'))).toEqual([
      ['a', '1'],
      ['b', 'on'],
      ['c', 'y'],
    ])
    expect(controlOf(form, 'a')?.value).toBe('1')
  })
})

describe('reading errors', () => {
  it('names the control each message is about', () => {
    const html = `<ul class="errorlist nonfield"><li>All wrong.</li></ul>
      <ul class="messages"><li>Hello</li></ul>
      <ul class="errorlist" id="id_email_error"><li>Not an address &amp; taken.</li><li>Too long.</li></ul>`
    expect([...readFormErrors(html)]).toEqual([
      ['', ['All wrong.']],
      ['email', ['Not an address & taken.', 'Too long.']],
    ])
  })

  it('finds the control after a message that names none, as before Django 5.2', () => {
    const html = `<ul class="errorlist nonfield"><li>All wrong.</li></ul><input name="csrf">
      <div class="form-row errors field-email"><ul class="errorlist"><li>Taken.</li></ul>
      <div><label>Email:</label><input type="text" name="email" value="a@example.com"></div></div>
      <div><ul><li>Hello</li></ul><input name="password1" type="password"></div>
      <div><ul class="errorlist"><li>Too short.</li><li>Too plain.</li></ul>
      <label>Again:</label><input type="password" name="password2"></div>
      <ul class="errorlist"><li>Nothing follows.</li></ul>`
    expect([...readFormErrors(html)]).toEqual([
      ['', ['All wrong.', 'Nothing follows.']],
      ['email', ['Taken.']],
      ['password2', ['Too short.', 'Too plain.']],
    ])
  })
})
