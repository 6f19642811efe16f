// Every colour, size and font of the pages, light and dark side by side.
// Components use the CSS variables made here; charts, which draw on a canvas, read `chartColours`.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

export type Scheme = "light" | "dark";

// The dark greys that Mantine builds its own dark surfaces, fields and borders from.
const dark: MantineColorsTuple = [
  "#e4e7ec",
  "#c3c8d1",
  "#a3abb8",
  "#6b7380",
  "#414854",
  "#2c313a",
  "#20242b",
  "#181b20",
  "#121418",
  "#0f1114",
];

const accent: MantineColorsTuple = [
  "#eef3ff",
  "#dce6fd",
  "#bacdf8",
  "#94b1f2",
  "#7197ec",
  "#4f7ce3",
  "#365fd0",
  "#2d50b3",
  "#284492",
  "#223971",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, dark },
  autoContrast: true,
  defaultRadius: "sm",
  respectReducedMotion: true,
  fontFamily:
    'Pretendard, "Noto Sans KR", "Noto Sans CJK KR", -apple-system, BlinkMacSystemFont, "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif',
  fontFamilyMonospace:
    '"JetBrains Mono", "D2Coding", ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono CJK KR", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.5", lg: "1.5", xl: "1.3" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "18px", lineHeight: "1.35" },
      h2: { fontSize: "15px", lineHeight: "1.4" },
      h3: { fontSize: "14px", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  components: {
    Button: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 250, transitionProps: { duration: 100 }, withArrow: true } },
    Modal: {
      defaultProps: {
        transitionProps: { duration: 120 },
        centered: true,
        overlayProps: { backgroundOpacity: 0.4 },
      },
      styles: {
        content: { background: "var(--md-surface)" },
        header: { background: "var(--md-surface)" },
        title: { fontSize: 16, fontWeight: 600 },
      },
    },
    // Without the placeholder: a menu may hold nothing but its items.
    Menu: {
      defaultProps: { withInitialFocusPlaceholder: false, transitionProps: { duration: 80 }, shadow: "md" },
    },
  },
});

/** name → [light, dark]. Contrast of text pairs is at least 4.5:1 on every surface they are used on. */
const colours = {
  // surfaces
  "--md-bg": ["#f6f7f9", "#121418"],
  "--md-surface": ["#ffffff", "#181b20"],
  "--md-raised": ["#ffffff", "#20242b"],
  "--md-sunken": ["#f0f2f5", "#0f1114"],
  "--md-hover": ["#f1f4f9", "#20252d"],
  "--md-selected": ["#e4ecfd", "#22304f"],
  "--md-line": ["#e1e4ea", "#2c313a"],
  "--md-line-strong": ["#c6ccd6", "#414854"],
  // text
  "--md-text": ["#1b1f27", "#e4e7ec"],
  "--md-dim": ["#565e6c", "#a3abb8"],
  "--md-accent": ["#2d50b3", "#94b1f2"],
  "--md-accent-soft": ["#eaf0fe", "#1e2a45"],
  // status, and nothing else, uses these
  "--md-ok": ["#1a7240", "#5cc98b"],
  "--md-ok-soft": ["#e3f4ea", "#173526"],
  "--md-error": ["#b4232a", "#ff8f8a"],
  "--md-error-soft": ["#fdeaea", "#45201f"],
  "--md-warn": ["#8a5300", "#efb65c"],
  "--md-warn-soft": ["#fdf1dc", "#3d2d12"],
  // marks of things that are not real
  "--md-sim": ["#6b3fa0", "#c9a8f5"],
  "--md-sim-soft": ["#f2eafb", "#33254a"],
  // bars of the timeline, by what a span does
  "--md-span-model": ["#365fd0", "#7197ec"],
  "--md-span-attempt": ["#8aa6dd", "#4a659e"],
  "--md-span-tool": ["#0f7f86", "#4fc0c6"],
  "--md-span-other": ["#7b8494", "#7f8998"],
} as const satisfies Record<`--md-${string}`, readonly [string, string]>;

const mantine = {
  "--mantine-color-body": colours["--md-bg"],
  "--mantine-color-text": colours["--md-text"],
  "--mantine-color-dimmed": colours["--md-dim"],
  "--mantine-color-placeholder": ["#697180", "#8d95a3"],
  "--mantine-color-anchor": colours["--md-accent"],
  "--mantine-color-default": colours["--md-surface"],
  "--mantine-color-default-hover": colours["--md-hover"],
  "--mantine-color-default-border": colours["--md-line-strong"],
  "--mantine-color-default-color": colours["--md-text"],
  "--mantine-color-error": colours["--md-error"],
} as const;

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: column(0),
  dark: column(1),
});

export function chartColours(scheme: Scheme) {
  const at = scheme === "light" ? 0 : 1;
  return {
    text: colours["--md-dim"][at],
    line: colours["--md-line"][at],
    surface: colours["--md-raised"][at],
    strong: colours["--md-text"][at],
    main: colours["--md-span-model"][at],
    soft: ["#a9c0f2", "#34497a"][at] as string,
    error: ["#d2434a", "#f0716c"][at] as string,
    faint: ["#cfdcf8", "#28386a"][at] as string,
    shade: ["#f6e3c0", "#3d2d12"][at] as string,
    // Parts of a whole, told apart without hue too: neighbours differ in lightness.
    parts: [
      ["#365fd0", "#e0963a", "#0f7f86", "#c48fd6", "#7b8494", "#8f2d56"],
      ["#7197ec", "#e3a04d", "#2f9aa0", "#d9b3ee", "#7f8998", "#d56f98"],
    ][at] as string[],
  };
}

function column(at: 0 | 1): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...colours, ...mantine }).map(([name, pair]) => [name, pair[at]]),
  );
}
