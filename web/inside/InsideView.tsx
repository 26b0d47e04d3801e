/** Look inside: being built. */

const InsideView = () => <h1>Look inside</h1>
export default InsideView
