import type { JSX } from 'preact';

/** The picture behind the gates: calm water above the sill, ripples below. Says nothing. */
export function River({ low = false }: { low?: boolean }): JSX.Element {
  return (
    <svg
      class={low ? 'river river-low' : 'river'}
      viewBox="0 0 1200 420"
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
      focusable="false"
    >
      <path class="river-above" d="M0 96H640c78 0 92 34 112 82 22 54 44 90 128 90h320v152H0Z" />
      <path class="river-sill" d="M0 150H560c74 0 92 38 112 90 20 50 48 92 128 92h400v88H0Z" />
      <g class="river-lines" fill="none">
        <path d="M0 96H640c78 0 92 34 112 82 22 54 44 90 128 90h320" />
        <path d="M0 150H560c74 0 92 38 112 90 20 50 48 92 128 92" />
        <path d="M120 120h180M380 120h90M60 178h140M290 182h170" />
      </g>
      <g class="river-ripples" fill="none">
        <path d="M820 306c20 0 20-12 40-12s20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12" />
        <path d="M760 356c20 0 20-12 40-12s20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12" />
        <path d="M640 398c20 0 20-12 40-12s20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12 20 12 40 12 20-12 40-12" />
      </g>
    </svg>
  );
}
