# Error of the model `bandwidth` against `banked` over the channels of a machine, a panel a standard,
# from the table that scripts/memory-models.sh writes.
set datafile separator ','
set terminal svg size 960,620 dynamic font 'sans,12' background 'white'
set output output

set logscale x 2
set xrange [0.1:2.6]
set yrange [-20:20]
set xtics ('1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2)
set ytics 5
set grid lc rgb '#dddddd'
set border 3
set tics nomirror
set key top left reverse Left samplen 1 spacing 0.9 font 'sans,10'

standards = "ddr4-2400 lpddr4-3200 hbm2 ddr5-4800 lpddr5-6400 hbm3"
cores = "1 4 16 64"
colours = "#4477aa #ee6677 #228833 #aa3377"
nudge(i) = 2 ** ((i - 2.5) * 0.07)

set multiplot layout 2,3 margins 0.06,0.99,0.09,0.95 spacing 0.05,0.11
do for [s = 1:6] {
  set title word(standards, s)
  set xlabel s > 3 ? "channels, of the preset's" : ''
  set ylabel s % 3 == 1 ? 'error, %' : ''
  if (s > 1) {unset key}
  plot 10 with lines dt 2 lc rgb '#999999' notitle, -10 with lines dt 2 lc rgb '#999999' notitle, \
    for [c = 1:4] table using ((stringcolumn(3) eq word(standards, s) && \
        $2 == int(word(cores, c))) ? $5 * nudge(c) : NaN):(100 * $6) \
      with points pt 7 ps 0.35 lc rgb word(colours, c) title word(cores, c) . (c == 1 ? ' core' : ' cores')
}
unset multiplot
