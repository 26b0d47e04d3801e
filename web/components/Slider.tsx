/** A quantity to be chosen by a slider, its value beside it. */

interface SliderProps {
  readonly label: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly step: number
  /** The value in words. */
  readonly text: string
  /** Before the first change of a gesture. */
  onStart(): void
  onChange(value: number): void
}

export const Slider = ({ label, value, low, high, step, text, onStart, onChange }: SliderProps) => (
  <label class="slider">
    <span>{label}</span>
    <input
      type="range"
      min={low}
      max={high}
      step={step}
      value={value}
      aria-valuetext={text}
      onPointerDown={onStart}
      onKeyDown={onStart}
      onInput={event => onChange(Number(event.currentTarget.value))}
    />
    <output>{text}</output>
  </label>
)
