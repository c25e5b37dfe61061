import { launch, violationsOn } from './browser.js'

it('finds what is not accessible, and where', async () => {
  const browser = await launch()
  const page = await browser.newPage()
  await page.setContent('<html lang="en"><title>A</title><main><img src="a.png"></main></html>')
  expect(await violationsOn(page)).toMatchObject([
    { id: 'image-alt', nodes: [{ html: '<img src="a.png">' }] },
    { id: 'page-has-heading-one' },
  ])
  await browser.close()
})
