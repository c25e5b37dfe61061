// The build, and the tests, read these files as text (scripts/bundle.js, test/support).
declare module '*/assets/icon.svg' {
  const text: string
  export default text
}
declare module '*/assets/script.js' {
  const text: string
  export default text
}
declare module '*/assets/style.css' {
  const text: string
  export default text
}
